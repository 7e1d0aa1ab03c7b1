'use strict'

// Checks the options of `new Provider({...})` by name and type, both of which the core tells. What the values mean, and their
// limits, is known there too.

const { KmsakError } = require('./error.js')
const { knownOptions } = require('./native.js')

const text = { is: (value) => typeof value === 'string', expected: 'a string' }
const file = {
  is: (value) => typeof value === 'string' || isFileUrl(value),
  expected: 'a path or a file: URL',
  convert: path,
}

// What the core's kinds of options are here, and under which name the native half takes the value.
const KINDS = {
  text: { ...text, as: 'text' },
  path: { ...file, as: 'text' },
  flag: { is: (value) => typeof value === 'boolean', expected: 'true or false', as: 'flag' },
  duration: {
    is: (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0,
    expected: 'a number of milliseconds',
    as: 'number',
  },
  count: {
    is: (value) => Number.isInteger(value) && value >= 0 && value < 2 ** 32,
    expected: 'a whole number',
    as: 'number',
  },
  texts: {
    is: (value) => Array.isArray(value) && value.every(text.is),
    expected: 'an array of strings',
    as: 'texts',
  },
  bytes: {
    is: (value) => typeof value === 'string' || value instanceof Uint8Array,
    expected: 'a string or a Buffer',
    convert: (value) => (typeof value === 'string' || Buffer.isBuffer(value) ? value : view(value)),
    as: 'bytes',
  },
}

const TYPE = { is: (value) => value === 'instance' || value === 'shared', expected: "'instance' or 'shared'" }
// Few programs name a gateway: the core is asked of its options then.
let ofGateway
const PROVIDER = {
  ...ofTheCore(false),
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
}

function ofTheCore(gateway) {
  return Object.fromEntries(knownOptions(gateway).map(([name, kind]) => [name, KINDS[kind]]))
}

function checked(options) {
  if (!isRecord(options)) throw wrong('new Provider takes an object of options; see docs/node.md')
  return given(options)
}

function gateway(options, index) {
  ofGateway ??= { type: TYPE, ...ofTheCore(true) }
  const { type, given } = check(options, ofGateway, `gateways[${index}].`)
  if (type === undefined) throw wrong(`gateways[${index}].type is missing: expected ${TYPE.expected}`)
  return { shared: type === 'shared', given }
}

// What the native half takes: what the core knows by name in `given`, all else beside it.
function check(options, known, prefix) {
  const result = { given: [] }
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(known, name)) throw wrong(unknown(name, known, prefix))
    if (value === undefined || value === null) continue
    const { is, expected, convert = (value) => value, as } = known[name]
    // Never the value: it may be a password.
    if (!is(value)) throw wrong(`${prefix}${name} has the wrong type: expected ${expected}`)
    const converted = convert(value)
    if (as === undefined) result[name] = converted
    else result.given.push({ name, [as === 'bytes' && typeof converted === 'string' ? 'text' : as]: converted })
  }
  return result
}

function given(options) {
  return check(options, PROVIDER, '')
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

module.exports = { checked, file, given }
