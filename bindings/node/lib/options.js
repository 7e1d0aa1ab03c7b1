'use strict'

// Checks the options of `new Provider({...})` by name and type. What the values mean, and their limits, is known to the core.

const { KmsakError } = require('./error.js')

const text = { is: (value) => typeof value === 'string', expected: 'a string' }
const flag = { is: (value) => typeof value === 'boolean', expected: 'true or false' }
const milliseconds = {
  is: (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0,
  expected: 'a number of milliseconds',
}
const count = {
  is: (value) => Number.isInteger(value) && value >= 0 && value < 2 ** 32,
  expected: 'a whole number',
}
const texts = {
  is: (value) => Array.isArray(value) && value.every(text.is),
  expected: 'an array of strings',
}
const bytes = {
  is: (value) => typeof value === 'string' || value instanceof Uint8Array,
  expected: 'a string or a Buffer',
  convert: (value) => (typeof value === 'string' || Buffer.isBuffer(value) ? value : view(value)),
}
const file = {
  is: (value) => typeof value === 'string' || isFileUrl(value),
  expected: 'a path or a file: URL',
  convert: path,
}

const CLIENT_KEY = {
  clientKeyFile: file,
  clientKey: bytes,
  clientKeyPasswordFile: file,
  clientKeyPasswordEnv: text,
  clientKeyPassword: bytes,
}
const CONNECTION = {
  connectTimeout: milliseconds,
  readTimeout: milliseconds,
  httpProxy: text,
  httpsProxy: text,
  noProxy: text,
}
const GATEWAY = {
  type: { is: (value) => value === 'instance' || value === 'shared', expected: "'instance' or 'shared'" },
  regionId: text,
  endpoint: text,
  vpc: flag,
  caFile: file,
  ca: bytes,
  ignoreSslCerts: flag,
  ...CLIENT_KEY,
  ...CONNECTION,
}
const PROVIDER = {
  environment: flag,
  propertiesFile: file,
  propertiesText: text,
  properties: {
    is: (value) => isRecord(value) && Object.values(value).every(text.is),
    expected: 'an object of strings',
    convert: (value) => Object.entries(value),
  },
  gateways: {
    is: (value) => Array.isArray(value) && value.every(isRecord),
    expected: 'an array of objects',
    convert: (value) => value.map(gateway),
  },
  secretNames: texts,
  rotationInterval: milliseconds,
  delayInterval: milliseconds,
  jitterInterval: milliseconds,
  fetchDeadline: milliseconds,
  renewDeadline: milliseconds,
  renewTokens: count,
  renewRefillInterval: milliseconds,
  rejectionCodes: texts,
  maxStale: milliseconds,
  cacheFile: file,
  ...CLIENT_KEY,
  ...CONNECTION,
}

function checked(options) {
  if (!isRecord(options)) throw wrong('new Provider takes an object of options; see docs/node.md')
  return check(options, PROVIDER, '')
}

function gateway(options, index) {
  const { type, ...rest } = check(options, GATEWAY, `gateways[${index}].`)
  if (type === undefined) throw wrong(`gateways[${index}].type is missing: expected ${GATEWAY.type.expected}`)
  return { ...rest, shared: type === 'shared' }
}

function check(options, known, prefix) {
  const result = {}
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(known, name)) throw wrong(unknown(name, known, prefix))
    if (value === undefined || value === null) continue
    const type = known[name]
    // Never the value: it may be a password.
    if (!type.is(value)) throw wrong(`${prefix}${name} has the wrong type: expected ${type.expected}`)
    result[name] = type.convert === undefined ? value : type.convert(value)
  }
  return result
}

function unknown(name, known, prefix) {
  const bare = (text) => text.replace(/[^a-z0-9]/gi, '').toLowerCase()
  const meant = Object.keys(known).find((one) => bare(one) === bare(name))
  const hint = meant === undefined ? `there are ${Object.keys(known).join(', ')}` : `did you mean ${meant}?`
  return `there is no option ${prefix}${name}: ${hint}`
}

function isRecord(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function view(array) {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength)
}

function isFileUrl(value) {
  if (!(value instanceof URL)) return false
  try {
    path(value)
    return true
  } catch {
    return false
  }
}

function path(value) {
  return value instanceof URL ? require('node:url').fileURLToPath(value) : value
}

function wrong(message) {
  return new KmsakError(message, { kind: 'configuration' })
}

module.exports = { checked, file }
