import {
  bindMigrationAwareSqlAdapterFactory,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils'

/** The SQL that leads from one Prisma schema (its text; null: an empty database) to another; '' when nothing differs. */
export type SchemaDiff = (from: string | null, to: string) => Promise<string>

/**
 * Opens Prisma's own schema engine as WebAssembly: nothing is downloaded and no database is asked. Once a process:
 * the engine's module keeps one instance.
 */
export async function openSchemaDiff(schema: string): Promise<SchemaDiff> {
  const engineModule = await import('@prisma/schema-engine-wasm/schema_engine_bg')
  const wasmFile = new URL('schema_engine_bg.wasm', import.meta.resolve('@prisma/schema-engine-wasm/schema_engine_bg'))
  const wasm: { __wbindgen_start(): void } = await import(wasmFile.href)
  const { __wbg_set_wasm: setWasm } = engineModule as typeof engineModule & { __wbg_set_wasm(exports: object): void }
  setWasm(wasm)
  wasm.__wbindgen_start()
  const engine = await engineModule.SchemaEngine.new(
    { datamodels: [['schema.prisma', schema]] },
    () => {},
    bindMigrationAwareSqlAdapterFactory(noDatabase()),
  )
  const datamodel = (content: string) => ({
    tag: 'schemaDatamodel' as const,
    files: [{ path: 'schema.prisma', content }],
  })
  return async (from, to) => {
    const result = await engine.diff({
      from: from === null ? { tag: 'empty' } : datamodel(from),
      to: datamodel(to),
      script: true,
      exitCode: null,
      filters: { externalTables: [], externalEnums: [] },
    })
    return (
      (result.stdout ?? '')
        .replace('-- This is an empty migration.', '')
        // It is always there, and creating it asks for rights on the database that a server need not have.
        .replace(/-- CreateSchema\s+CREATE SCHEMA IF NOT EXISTS "public";/, '')
        .trim()
    )
  }
}

/** Stands in for a database: the engine asks for its version once, and for nothing else when it compares schemas. */
function noDatabase(): SqlMigrationAwareDriverAdapterFactory {
  const refuse = async () => Promise.reject(new Error('the schema engine asked for a database'))
  const connect = async () => ({
    provider: 'postgres' as const,
    adapterName: 'none',
    // schema exists, version(), server_version_num: as Int32, Text and Boolean of driver-adapter-utils
    queryRaw: async () => ({
      columnNames: ['exists', 'version', 'numeric_version'],
      columnTypes: [5, 7, 0] as (0 | 5 | 7)[],
      rows: [[true, 'PostgreSQL 14.0', 140_000]],
    }),
    executeRaw: refuse,
    executeScript: refuse,
    startTransaction: refuse,
    dispose: async () => {},
  })
  return { provider: 'postgres', adapterName: 'none', connect, connectToShadowDb: refuse }
}
