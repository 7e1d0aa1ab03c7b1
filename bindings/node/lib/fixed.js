'use strict'

// Checks what `Provider.fixed` is given, and lays it out for the native half.

const EXPECTED =
  'Provider.fixed takes an object of secrets by name, each { accessKeyId, accessKeySecret }, a string or a Uint8Array, or an ' +
  'array of these'

function versions(secrets) {
  if (!isRecord(secrets)) throw new TypeError(EXPECTED)
  return Object.entries(secrets).flatMap(([name, given]) =>
    (Array.isArray(given) ? given : [given]).map((version) => ({ name, ...parts(version) })),
  )
}

function parts(version) {
  if (typeof version === 'string') return { value: version }
  if (version instanceof Uint8Array) {
    return { value: Buffer.from(version.buffer, version.byteOffset, version.byteLength) }
  }
  if (!isRecord(version)) throw new TypeError(EXPECTED)
  const { accessKeyId, accessKeySecret } = version
  if (typeof accessKeyId !== 'string' || typeof accessKeySecret !== 'string') throw new TypeError(EXPECTED)
  return { accessKeyId, accessKeySecret }
}

function isRecord(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

module.exports = { versions }
