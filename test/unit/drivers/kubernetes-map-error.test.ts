import t from 'tap'
import { mapConnectionError, mapForeign, mapRefusal } from '../../../src/drivers/kubernetes/map-error.ts'
import { Refusal, resourceOf, toRefusal } from '../../../src/drivers/kubernetes/refusal.ts'
import { AppError } from '../../../src/errors/app-error.ts'

const status = (code: number, reason: string, message: string, details: object = {}): string =>
  JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, details, code })
const PATH = '/apis/apps/v1/namespaces/n/deployments/web'
const mapped = (code: number, reason: string, message: string, details: object = {}, path = PATH): AppError =>
  mapRefusal(toRefusal(code, status(code, reason, message, details), path), 'apply Deployment/web')

t.test('a refusal becomes the code that says who can mend it', async (t) => {
  const expected: [code: string, status: number, reason: string, message: string, says: RegExp][] = [
    ['host_unreachable', 401, 'Unauthorized', 'Unauthorized', /does not take our credentials/],
    [
      'host_forbidden',
      403,
      'Forbidden',
      'pods is forbidden: User "system:serviceaccount:a:b" cannot list resource "pods" in API group "" at the cluster scope',
      /our role .* cannot list resource "pods"/,
    ],
    [
      'quota_exceeded',
      403,
      'Forbidden',
      'pods "web" is forbidden: exceeded quota: app, requested: limits.memory=1Gi, used: limits.memory=0, limited: limits.memory=64Mi',
      /requested: limits\.memory=1Gi/,
    ],
    [
      'unavailable',
      403,
      'Forbidden',
      'configmaps "a" is forbidden: unable to create new content in namespace n because it is being terminated',
      /being removed/,
    ],
    [
      'admission_denied',
      403,
      'Forbidden',
      'pods "web" is forbidden: violates PodSecurity "baseline:latest": privileged (container "web" must not set securityContext.privileged=true)',
      /privileged/,
    ],
    [
      'admission_denied',
      403,
      'Forbidden',
      'pods "web" is forbidden: maximum memory usage per Container is 64Mi, but limit is 1Gi',
      /64Mi/,
    ],
    ['admission_denied', 400, '', 'admission webhook "x.example" denied the request: no root here', /no root here/],
    [
      'host_unreachable',
      500,
      'InternalError',
      'Internal error occurred: failed calling webhook "x.example": no endpoints available',
      /webhook .* does not answer/,
    ],
    [
      'port_conflict',
      422,
      'Invalid',
      'Service "web" is invalid: spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated',
      /30080/,
    ],
    ['unsupported', 422, 'Invalid', 'Deployment.apps "web" is invalid: spec.replicas: Invalid value: -1', /replicas/],
    ['unsupported', 400, 'BadRequest', 'the object is bad', /does not take this/],
    ['host_unreachable', 429, 'TooManyRequests', 'too many', /too much to do/],
    ['host_unreachable', 500, 'InternalError', 'etcdserver: request timed out', /500/],
    ['host_unreachable', 503, 'ServiceUnavailable', 'the server is currently unable to handle the request', /503/],
    ['unavailable', 409, 'Conflict', 'the object has been modified', /another one by now/],
    ['internal', 402, '', 'pay first', /402/],
  ]
  for (const [code, number, reason, message, says] of expected) {
    t.match(mapped(number, reason, message), { code, message: says }, message)
  }
})

t.test('a conflict names each field and who holds it', async (t) => {
  const causes = [
    { reason: 'FieldManagerConflict', message: 'conflict with "kubectl-edit" using apps/v1', field: '.spec.replicas' },
    {
      reason: 'FieldManagerConflict',
      message: 'conflict with "helm" using apps/v1 at 2021-01-01T00:00:00Z',
      field: '.spec.template.spec.containers[name="web"].image',
    },
  ]
  const error = mapped(409, 'Conflict', 'Apply failed with 2 conflicts: …', { causes })
  t.match(error, {
    code: 'field_conflict',
    message: /\.spec\.replicas is held by "kubectl-edit", .*image is held by "helm"/,
  })
  t.match(mapped(409, 'Conflict', 'Apply failed with 1 conflict: conflict with "x"'), { code: 'field_conflict' })
})

t.test('a 404 tells an API that is not served from an object that is not there', async (t) => {
  const budget = '/apis/policy/v1/namespaces/n/poddisruptionbudgets/web'
  const served = 'the server could not find the requested resource'
  t.match(mapped(404, 'NotFound', served, {}, budget), { code: 'unsupported', message: /the API policy\/v1/ })
  t.match(mapRefusal(toRefusal(404, '404 page not found\n', budget), 'x'), {
    code: 'unsupported',
    message: /policy\/v1/,
  })
  const gone = mapped(404, 'NotFound', 'namespaces "n" not found', { name: 'n', kind: 'namespaces' })
  t.match(gone, { code: 'unavailable', message: /namespaces "n" not found/ })
})

t.test('nothing of a Secret is told, however the API server words its refusal', async (t) => {
  const path = '/api/v1/namespaces/n/secrets/env'
  const messages: [number, string][] = [
    [422, 'Secret "env" is invalid: data[a]: Invalid value: "hunter2": must be short'],
    [422, 'Secret "env" is invalid: type: Unsupported value: "hun\\"ter2"'],
    [400, 'Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 3, hunter2'],
    [
      400,
      'v1.Secret.Data: decode base64, error found in #10 byte of ...|"hunter2"|..., bigger context ...|hunter2|...',
    ],
    [500, 'failed to create typed patch object: .stringData: expected map, got &{hunter2}'],
    [403, 'admission webhook "x.example" denied the request: hunter2 is too simple'],
  ]
  for (const [code, message] of messages) {
    const causes = [{ reason: 'FieldValueInvalid', message, field: 'data[a]' }]
    const error = mapped(code, 'Invalid', message, { causes }, path)
    const { cause } = error
    t.notMatch(JSON.stringify([error.message, error.options.internal, cause]), /hun\\*"?ter2/, message)
    t.ok(cause instanceof Refusal)
  }
  t.equal(toRefusal(400, 'hunter2', path).message, '')
  const causes = [{ reason: 'FieldValueInvalid', message: 'Invalid value: "hunter2"', field: 'data[a]' }]
  t.match(mapped(422, 'Invalid', 'x', { causes }, path).message, /\(data\[a\] FieldValueInvalid\)$/)
  t.match(mapped(400, 'BadRequest', 'json: bad, error found in #10 byte of ...|"x":5|...').message, /json: bad\)$/)
})

t.test('words of a refusal are cut, and hold no address with a password', async (t) => {
  const error = mapped(400, 'BadRequest', `see https://joe:pass@r.example/ ${'x'.repeat(1000)}`)
  t.notMatch(error.message, /pass/)
  t.ok(error.message.length < 400)
  t.same(toRefusal(502, '<html>bad gateway</html>', PATH).message, '<html>bad gateway</html>')
})

t.test('what broke a connection, or a stream in its midst, is host_unreachable', async (t) => {
  const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
  t.match(mapConnectionError(reset, 'asking for pods'), {
    code: 'host_unreachable',
    message: 'asking for pods: the API server does not answer, the connection broke',
  })
  t.match(mapForeign(reset, 'read the log'), { code: 'host_unreachable', message: /read the log/ })
  const own = new TypeError('a mistake')
  t.equal(mapForeign(own, 'x'), own)
  const lease = new AppError('superseded', { detail: 'newer' })
  t.equal(mapForeign(lease, 'x'), lease)
})

t.test('a request is named by its resource alone', async (t) => {
  t.equal(resourceOf('/api/v1/namespaces/n/pods/p/log?follow=true'), 'pods/log')
  t.equal(resourceOf('/api/v1/namespaces/n'), 'namespaces')
  t.equal(resourceOf('/api/v1/namespaces/n/secrets/env'), 'secrets')
  t.equal(resourceOf('/api/v1/nodes/a/proxy/stats/summary'), 'nodes/proxy')
  t.equal(resourceOf('/apis/apps/v1/deployments'), 'deployments')
  t.equal(resourceOf('/version'), 'version')
})
