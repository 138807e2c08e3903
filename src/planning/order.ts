import type { AppSpec } from '../spec/index.ts'

/** The names of the services, each after those it depends on, by name where that leaves a choice. */
export function inDependencyOrder(spec: AppSpec): readonly string[] {
  const order = new Set<string>()
  const entered = new Set<string>()
  const visit = (name: string): void => {
    const service = spec.services[name]
    if (!service || entered.has(name)) return
    entered.add(name)
    for (const dependency of Object.keys(service.dependsOn).toSorted()) visit(dependency)
    order.add(name)
  }
  for (const name of Object.keys(spec.services).toSorted()) visit(name)
  return [...order]
}

/** The services that depend on `name`, directly or through others. */
export function dependentsOf(spec: AppSpec, name: string): ReadonlySet<string> {
  const found = new Set<string>()
  const visit = (dependency: string): void => {
    for (const [other, service] of Object.entries(spec.services)) {
      if (!Object.hasOwn(service.dependsOn, dependency) || found.has(other)) continue
      found.add(other)
      visit(other)
    }
  }
  visit(name)
  return found
}
