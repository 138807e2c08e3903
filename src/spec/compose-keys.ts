import { DISK, each, HOST_KINDS, instead, LATER, no, off, ONE_NETWORK, type Row, yes } from './capabilities.ts'
import { DEPLOY_KEYS } from './deploy-keys.ts'
import { SERVICE_KEYS } from './service-keys.ts'

const LABEL = 'a name is a DNS label that begins with a letter and has no `--`'

/**
 * THE allow-list: every key of the Compose schema. `*` stands for any name, `[]` for the items of a list; what is below a
 * refused key needs no row. A key that has no row is refused. docs/compose.md is generated from it.
 */
export const CAPABILITIES: Readonly<Record<string, Row>> = {
  version: instead('ignored, as Compose itself does'),
  name: instead('the name of the app in the API counts'),
  include: no(DISK),
  services: each(
    {
      docker: yes('a name has up to 63 letters, digits, `_`, `.` and `-`'),
      kubernetes: yes(`${LABEL}, up to 50 characters`),
    },
    'up to 200',
  ),
  models: no(LATER),
  networks: yes('only `default`: an app has one network'),
  'networks.*.name': no('it would reach beyond the app'),
  'networks.*.driver': no(ONE_NETWORK),
  'networks.*.driver_opts': no(ONE_NETWORK),
  'networks.*.ipam': no('not supported: Moorage gives each app its subnet'),
  'networks.*.external': off('it would reach beyond the app'),
  'networks.*.internal': off(LATER),
  'networks.*.enable_ipv4': no(ONE_NETWORK),
  'networks.*.enable_ipv6': off(LATER),
  'networks.*.attachable': off('it would let others into the app’s network'),
  'networks.*.labels': no(LATER),
  volumes: each({
    docker: yes('kept with the app, one of each on its host'),
    kubernetes: yes(`one claim each, its size and class by the host’s settings; ${LABEL}`),
  }),
  'volumes.*.name': no('it would reach beyond the app'),
  'volumes.*.driver': no('not supported: volumes are the engine’s own'),
  'volumes.*.driver_opts': no('it could mount what is not the app’s'),
  'volumes.*.external': off('it would reach beyond the app'),
  'volumes.*.labels': each({ docker: yes(), kubernetes: instead('annotations of the claim') }, 'not `moorage.io/*`'),
  secrets: no(LATER),
  configs: no(LATER),
  'x-moorage': yes('what Compose has no word for'),
  'x-moorage.placement': yes(),
  'x-moorage.placement.hosts': yes('labels that a host must carry'),
  'x-moorage.placement.kinds': yes('kinds of hosts that may run the app', HOST_KINDS),
  'x-moorage.progressDeadline': yes(
    'a duration from 5s to 24h: an operation that finishes no step for so long has failed',
  ),
  'x-moorage.routes': each({
    docker: no('routes are not served on docker hosts yet'),
    kubernetes: yes('ways in by HTTP: an Ingress, its class by the host’s settings'),
  }),
  'x-moorage.routes[].host': yes('a DNS name'),
  'x-moorage.routes[].path': yes('default `/`; what is below it belongs to it'),
  'x-moorage.routes[].port': yes('the container’s'),
  'x-moorage.routes[].service': yes(),
  ...SERVICE_KEYS,
  ...DEPLOY_KEYS,
}
