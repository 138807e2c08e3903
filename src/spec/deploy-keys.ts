import { each, HARDWARE, instead, no, partly, PIDS, type Row, yes } from './capabilities.ts'

const MODES = ['replicated', 'global']
const CONDITIONS = ['any', 'on-failure', 'none']

/** How a service is run: the keys of `deploy`. */
export const DEPLOY_KEYS: Readonly<Record<string, Row>> = {
  'services.*.deploy': yes(),
  'services.*.deploy.endpoint_mode': instead('the service’s name answers with the addresses of its ready containers', [
    'vip',
    'dnsrr',
  ]),
  'services.*.deploy.labels': each({
    docker: instead('set on the containers, beside `labels`'),
    kubernetes: instead('annotations of the pods, beside `labels`'),
  }),
  'services.*.deploy.mode': each({
    docker: yes('`global`: a host is one node, so it is one container', MODES),
    kubernetes: yes('`global`: one on each node; it neither completes nor is awaited', MODES),
  }),
  'services.*.deploy.placement': no('not supported; use x-moorage.placement'),
  'services.*.deploy.replicas': yes('0 to 1000; an app has up to 1000 containers'),
  'services.*.deploy.resources': yes(),
  'services.*.deploy.resources.limits': yes(),
  'services.*.deploy.resources.limits.cpus': yes(),
  'services.*.deploy.resources.limits.memory': yes('at least 6 MiB'),
  'services.*.deploy.resources.limits.pids': each({ docker: yes(), kubernetes: instead(PIDS) }),
  'services.*.deploy.resources.reservations': yes(),
  'services.*.deploy.resources.reservations.cpus': yes(),
  'services.*.deploy.resources.reservations.devices': no(HARDWARE),
  'services.*.deploy.resources.reservations.generic_resources': no(HARDWARE),
  'services.*.deploy.resources.reservations.memory': yes(),
  'services.*.deploy.restart_policy': yes('the same as `restart`; both must agree'),
  'services.*.deploy.restart_policy.condition': each(
    { docker: yes('', CONDITIONS), kubernetes: partly('see `restart`', CONDITIONS) },
    '`any` is `restart: unless-stopped`',
  ),
  'services.*.deploy.restart_policy.delay': each({
    docker: instead('the engine’s own back-off: from 100 ms, doubling, at most 1 min'),
    kubernetes: instead('the kubelet’s own back-off: from 10 s, doubling, at most 5 min'),
  }),
  'services.*.deploy.restart_policy.max_attempts': yes('with `on-failure`'),
  'services.*.deploy.restart_policy.window': each({
    docker: instead('the engine decides when a start has succeeded (10 s)'),
    kubernetes: instead('the kubelet decides when a start has succeeded (10 min)'),
  }),
  'services.*.deploy.rollback_config': yes(
    'only where it says the same as `update_config`: going back is the same rollout',
  ),
  'services.*.deploy.rollback_config.delay': yes(),
  'services.*.deploy.rollback_config.failure_action': yes('', ['pause']),
  'services.*.deploy.rollback_config.max_failure_ratio': yes('', ['0']),
  'services.*.deploy.rollback_config.monitor': yes(),
  'services.*.deploy.rollback_config.order': yes('', ['start-first', 'stop-first']),
  'services.*.deploy.rollback_config.parallelism': yes(),
  'services.*.deploy.update_config': yes('how a change rolls out'),
  'services.*.deploy.update_config.delay': each(
    { docker: yes(), kubernetes: instead('the least time that a new pod is ready before the next one goes') },
    'default 0 s',
  ),
  'services.*.deploy.update_config.failure_action': yes('a release that fails is rolled back', ['rollback']),
  'services.*.deploy.update_config.max_failure_ratio': yes('', ['0']),
  'services.*.deploy.update_config.monitor': yes('default 5 s'),
  'services.*.deploy.update_config.order': yes('default `start-first`', ['start-first', 'stop-first']),
  'services.*.deploy.update_config.parallelism': yes('default 1; 0 is all at once'),
}
