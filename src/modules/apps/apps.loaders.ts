import type { Database } from '../../db/types.ts'
import { createListLoader, createLoader } from '../../web/loaders.ts'
import type { App } from './apps.schemas.ts'
import { appsNamed, type PageInput, pagesOfApps } from './apps.service.ts'
import { pagesOfTenantInstances, pagesOfTenantWorkloads } from './tenant-views.service.ts'
import type { ReleaseKey } from './views.repository.ts'
import {
  type AppRef,
  pagesOfInstances,
  pagesOfReleases,
  pagesOfWorkloads,
  releasesNumbered,
  releaseSpecs,
} from './views.service.ts'

interface TenantRef {
  readonly id: string
}

/** What is read of apps for one request: the same list of many parents is one read. */
export function createAppLoaders({ db }: { readonly db: Database }) {
  const tx = db.prisma
  const ids = (tenants: readonly TenantRef[]): string[] => tenants.map(({ id }) => id)
  return {
    app: createLoader(async (keys: readonly { tenantId: string; name: string }[]) => await appsNamed(tx, keys)),
    apps: createListLoader(
      async (tenants: readonly TenantRef[], input: PageInput) => await pagesOfApps(tx, ids(tenants), input),
    ),
    tenantWorkloads: createListLoader(
      async (tenants: readonly TenantRef[], input: PageInput) => await pagesOfTenantWorkloads(tx, ids(tenants), input),
    ),
    tenantInstances: createListLoader(
      async (tenants: readonly TenantRef[], input: PageInput) => await pagesOfTenantInstances(tx, ids(tenants), input),
    ),
    workloads: createListLoader(
      async (apps: readonly AppRef[], input: PageInput) => await pagesOfWorkloads(tx, apps, input),
    ),
    instances: createListLoader(
      async (apps: readonly AppRef[], input: PageInput) => await pagesOfInstances(tx, apps, input),
    ),
    releases: createListLoader(
      async (apps: readonly Pick<App, 'id'>[], input: PageInput) => await pagesOfReleases(tx, apps, input),
    ),
    release: createLoader(async (keys: readonly ReleaseKey[]) => await releasesNumbered(tx, keys)),
    spec: createLoader(async (keys: readonly ReleaseKey[]) => await releaseSpecs(tx, keys, { masked: false })),
    maskedSpec: createLoader(async (keys: readonly ReleaseKey[]) => await releaseSpecs(tx, keys, { masked: true })),
  }
}
