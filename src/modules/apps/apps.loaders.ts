import { createListLoader, createLoader } from '../../web/loaders.ts'
import type { App } from './apps.schemas.ts'
import { appsNamed, type PageInput, pagesOfApps } from './apps.service.ts'
import type { AppRef, Sights } from './sights.ts'
import { pagesOfTenantInstances, pagesOfTenantWorkloads } from './tenant-views.service.ts'
import type { ReleaseKey } from './views.repository.ts'
import { pagesOfInstances, pagesOfReleases, pagesOfWorkloads, releasesNumbered, releaseSpecs } from './views.service.ts'

interface TenantRef {
  readonly id: string
}

/** What is read of apps for one request: the same list of many parents is one read. */
export function createAppLoaders(sights: Sights) {
  const { tx } = sights
  const ids = (tenants: readonly TenantRef[]): string[] => tenants.map(({ id }) => id)
  return {
    app: createLoader(async (keys: readonly { tenantId: string; name: string }[]) => await appsNamed(tx, keys)),
    apps: createListLoader(
      async (tenants: readonly TenantRef[], input: PageInput) => await pagesOfApps(tx, ids(tenants), input),
    ),
    tenantWorkloads: createListLoader(
      async (tenants: readonly TenantRef[], input: PageInput) =>
        await pagesOfTenantWorkloads(sights, ids(tenants), input),
    ),
    tenantInstances: createListLoader(
      async (tenants: readonly TenantRef[], input: PageInput) =>
        await pagesOfTenantInstances(sights, ids(tenants), input),
    ),
    workloads: createListLoader(
      async (apps: readonly AppRef[], input: PageInput) => await pagesOfWorkloads(sights, apps, input),
    ),
    instances: createListLoader(
      async (apps: readonly AppRef[], input: PageInput) => await pagesOfInstances(sights, apps, input),
    ),
    releases: createListLoader(
      async (apps: readonly Pick<App, 'id'>[], input: PageInput) => await pagesOfReleases(tx, apps, input),
    ),
    release: createLoader(async (keys: readonly ReleaseKey[]) => await releasesNumbered(tx, keys)),
    spec: createLoader(async (keys: readonly ReleaseKey[]) => await releaseSpecs(tx, keys, { masked: false })),
    maskedSpec: createLoader(async (keys: readonly ReleaseKey[]) => await releaseSpecs(tx, keys, { masked: true })),
  }
}
