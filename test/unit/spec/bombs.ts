import type { ComposeInput } from '../../../src/spec/index.ts'

/** Documents that are small to send and dear to read, each made anew by `make`. All must be refused, fast. */
export interface Bomb {
  readonly name: string
  readonly make: () => ComposeInput
}

const yaml = (name: string, make: () => string): Bomb => ({ name, make: () => ({ compose: make() }) })
const json = (name: string, make: () => unknown): Bomb => ({ name, make: () => ({ spec: make() }) })

/** As much text as the limit lets through, so that the limit of the size alone doesn't decide. */
const NEARLY = 500_000

function nested(depth: number): unknown {
  let value: unknown = 'end'
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { a: value }
  return value
}

function laughs(levels: number, width: number, first: string): string {
  const lines = [`x-a0: &a0 ${first}`]
  for (let i = 1; i <= levels; i++)
    lines.push(`x-a${i}: &a${i} [${Array.from({ length: width }, () => `*a${i - 1}`).join(', ')}]`)
  return `${lines.join('\n')}\nservices: { web: { image: a, command: *a${levels} } }\n`
}

function manyServices(count: number, line: (index: number) => string): string {
  return `services:\n${Array.from({ length: count }, (_, index) => line(index)).join('')}`
}

const services = (list: string): string => `services: { web: { image: a, ${list} } }\n`

export const BOMBS: readonly Bomb[] = [
  yaml('a billion laughs', () => laughs(30, 10, 'lol')),
  yaml('laughs of one long string', () => laughs(2, 60, 'x'.repeat(100_000))),
  yaml('a chain of merge keys', () => {
    const keys = Array.from({ length: 900 }, (_, index) => `k${index}: 1`).join(', ')
    const maps = Array.from(
      { length: 400 },
      (_, index) => `x-m${index + 1}: { <<: *m${index}, a${index}: &m${index + 1} { <<: *m${index} } }`,
    )
    return `x-m0: &m0 { ${keys} }\n${maps.join('\n')}\nservices: { web: { image: a } }\n`
  }),
  yaml('an alias in itself', () => 'services: &a { web: { image: a, command: [*a] } }\n'),
  yaml('5 MiB of text', () => `services: { web: { image: "${'x'.repeat(5 * 1024 * 1024)}" } }\n`),
  yaml('half a megabyte of one string', () => `services: { web: { image: "${'x'.repeat(NEARLY)}" } }\n`),
  yaml('half a megabyte of escapes', () => `services: { web: { image: "${'\\x41'.repeat(NEARLY / 4)}`),
  yaml('10,000 services in flow form', () => manyServices(10_000, (index) => `  s${index}: { image: a }\n`)),
  yaml('10,000 services in block form', () => manyServices(10_000, (index) => `  s${index}:\n    image: a\n`)),
  yaml('1,000 services', () => manyServices(1000, (index) => `  s${index}: { image: a }\n`)),
  yaml('a deep list in flow form', () => '['.repeat(NEARLY)),
  yaml('a deep map in flow form', () => '{a: '.repeat(NEARLY / 4)),
  yaml('a deep list in compact form', () => '- '.repeat(NEARLY / 2)),
  yaml('deep complex keys', () => '? '.repeat(NEARLY / 2)),
  yaml('a deep map by indentation', () =>
    Array.from({ length: 950 }, (_, index) => `${' '.repeat(index)}a:\n`).join(''),
  ),
  yaml('nothing but comments', () => '#\n'.repeat(NEARLY / 2)),
  yaml('nothing but line ends', () => '\n'.repeat(NEARLY)),
  yaml('nothing but tags', () => '!!str '.repeat(NEARLY / 6)),
  yaml('nothing but anchors', () => '&a '.repeat(NEARLY / 3)),
  yaml('nothing but document marks', () => '---\n'.repeat(NEARLY / 4)),
  yaml('nothing but colons', () => 'a: '.repeat(NEARLY / 3)),
  yaml('a map of 9,000 keys', () =>
    services(`environment: { ${Array.from({ length: 9000 }, (_, index) => `K${index}: 1`).join(', ')} }`),
  ),
  yaml('a list of 9,000 ports', () =>
    services(`ports: [${Array.from({ length: 9000 }, (_, index) => `{target: ${index + 1}}`).join(', ')}]`),
  ),
  yaml('ranges of ports', () =>
    services(`ports: [${Array.from({ length: 400 }, (_, index) => `"1-65535:${index}-65535"`).join(', ')}]`),
  ),
  yaml('nested variables', () => services(`command: "${'${A:-'.repeat(50_000)}${'}'.repeat(50_000)}"`)),
  yaml('open variables', () => services(`command: "${'${A'.repeat(150_000)}"`)),
  {
    name: 'variables that grow',
    make: () => ({ compose: services(`command: "${'${A}'.repeat(100_000)}"`), variables: { A: 'x'.repeat(1000) } }),
  },
  yaml('an open quote in a command', () => services(`command: '"${'\\\\'.repeat(100_000)}'`)),
  yaml('a duration of digits', () => services(`stop_grace_period: "${'1'.repeat(200_000)}"`)),
  json('10,000 services as JSON', () => ({
    services: Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`s${index}`, { image: 'a' }])),
  })),
  json('JSON, 100,000 deep', () => ({ services: { web: nested(100_000) } })),
  json('JSON with 100,000 items', () => ({
    services: { web: { image: 'a', command: Array.from({ length: 100_000 }, () => 'a') } },
  })),
  json('JSON with 300 lists of 400 maps', () => ({
    services: {
      web: {
        image: 'a',
        ports: Array.from({ length: 300 }, () => Array.from({ length: 400 }, (_, target) => ({ target }))),
      },
    },
  })),
]
