import type { Probe } from '../../drivers/driver.ts'
import { canonicalJson } from '../../lib/canonical.ts'
import type { PlanLine } from '../../web/index.ts'
import type { ChangeHost, Host } from './hosts.schemas.ts'

/** What registering does. `ownIdentity`: the engine takes no marker. */
export function registerLines(name: string, engine: string, probe: Probe, ownIdentity: boolean): PlanLine[] {
  return [
    identityLine(engine, probe, ownIdentity),
    { action: 'register_host', target: name, cause: `Engine ${probe.version} answers at ${engine}` },
  ]
}

function identityLine(target: string, { markerHostId }: Probe, ownIdentity: boolean): PlanLine {
  if (ownIdentity)
    return { action: 'know_engine', target, cause: 'it knows itself by an id of its own, and takes no marker' }
  return markerHostId === null
    ? { action: 'write_marker', target, cause: 'the engine has no marker of this installation' }
    : { action: 'keep_marker', target, cause: 'a registration that broke off left it' }
}

/** What a change of a host's wanted fields does; none where it is so already. `reached`: where another endpoint found the engine. */
export function changeLines(
  host: Host,
  { labels, settings, tenants, schedulable }: ChangeHost,
  reached: { readonly engine: string; readonly version: string; readonly ownIdentity: boolean } | null,
): PlanLine[] {
  const lines: PlanLine[] = []
  if (reached) {
    lines.push({
      action: 'change_endpoint',
      target: host.name,
      cause: `Engine ${reached.version} at ${reached.engine} ${reached.ownIdentity ? 'is the one of this host' : 'shows the marker of this host'}`,
    })
  }
  if (labels && canonicalJson(labels) !== canonicalJson(host.labels)) {
    lines.push({ action: 'change_labels', target: host.name, cause: `labels become ${canonicalJson(labels)}` })
  }
  if (settings && canonicalJson(settings) !== canonicalJson(host.settings)) {
    lines.push({
      action: 'change_settings',
      target: host.name,
      cause:
        Object.keys(settings).length === 0
          ? 'all settings get their defaults'
          : `settings become ${canonicalJson(settings)}`,
    })
  }
  if (tenants && canonicalJson(tenants.toSorted()) !== canonicalJson(host.tenants)) {
    lines.push({
      action: 'change_tenants',
      target: host.name,
      cause: tenants.length === 0 ? 'all tenants may use it' : `only ${tenants.toSorted().join(', ')} may use it`,
    })
  }
  if (schedulable !== undefined && schedulable !== host.schedulable) {
    lines.push({
      action: schedulable ? 'uncordon' : 'cordon',
      target: host.name,
      cause: schedulable ? 'it may get new apps again' : 'it gets no new apps',
    })
  }
  return lines
}

/** What deleting does. */
export function deleteLines(
  name: string,
  { force, ownIdentity }: { force: boolean; ownIdentity: boolean },
): PlanLine[] {
  const cause = force ? 'the host goes; where the engine does not answer, the marker stays' : 'the host goes'
  const marker: PlanLine[] = ownIdentity ? [] : [{ action: 'remove_marker', target: name, cause }]
  return [...marker, { action: 'delete_host', target: name, cause: 'it has no apps' }]
}

/** What a probe writes. */
export function probeLines(name: string, { adopt, ownIdentity }: { adopt: boolean; ownIdentity: boolean }): PlanLine[] {
  const mark: PlanLine[] = adopt
    ? [{ action: 'write_marker', target: name, cause: 'the engine has lost it, and adopt is set' }]
    : []
  const shown = ownIdentity ? 'the engine is the one of this host' : 'the engine shows its marker'
  return [...mark, { action: 'set_ready', target: name, cause: adopt ? 'the engine has the marker again' : shown }]
}
