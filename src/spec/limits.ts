/** What a document may be at most. Checked cheapest first, so that a bomb costs milliseconds. */
export const LIMITS = {
  /** Characters of the YAML text. */
  textLength: 512 * 1024,
  /** Lexical tokens of the YAML text, white space and comments included: what parsing costs. */
  tokens: 40_000,
  /** Uses of anchors in the YAML text. */
  aliases: 500,
  /** Characters of one string: what Linux takes as one argument or variable. */
  stringLength: 128 * 1024,
  /** Maps and lists within each other. */
  depth: 32,
  /** Values in all, each alias counted as what it stands for. */
  nodes: 20_000,
  /** Characters of all strings, each alias counted as what it stands for, before and after interpolation. */
  characters: 2 * 1024 * 1024,
  /** Characters of the canonical spec's services, keys included: `extends` and deployments may add to the document. */
  specCharacters: 4 * 1024 * 1024,
  keyLength: 256,
  listItems: 500,
  mapKeys: 1000,
  services: 200,
  /** `${A:-${B:-…}}` within each other. */
  interpolationDepth: 8,
  /** Problems that one error lists. */
  problems: 50,
  /** What a spec's notes tell; refusals of each kind of host, likewise. */
  notes: 100,
  replicas: 1000,
  /** Containers of an app, and ports that these publish: the engine runs a proxy for each. */
  containers: 1000,
  publications: 1000,
  /** Bytes of one log file of a container. */
  logBytes: 100 * 1024 ** 2,
  /** Ports that a service publishes. */
  ports: 100,
  /** Ports that one entry's range may stand for. */
  portRange: 100,
} as const
