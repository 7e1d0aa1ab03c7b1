'use strict'

// Checks what callers say about waiting, and about which version of a secret they want.

const signal = {
  check(value) {
    if (!(value instanceof AbortSignal)) throw new TypeError('signal is an AbortSignal')
  },
}
const timeout = {
  check(value) {
    if (typeof value !== 'number') throw new TypeError('timeout is a number of milliseconds')
    // A longer timer would fire at once.
    if (!(value >= 0 && value < 2 ** 31)) throw new RangeError('timeout is a number of milliseconds below 2 ** 31')
  },
}
const versionStage = {
  check(value) {
    if (typeof value !== 'string') throw new TypeError('versionStage is a string such as ACSPrevious')
  },
}

// What a promise may be told, and what blocks; each with and without a choice of the version.
const PROMISED = { signal, timeout }
const SYNC = { timeout }
const OF_A_VERSION = { ...PROMISED, versionStage }
const OF_A_VERSION_SYNC = { ...SYNC, versionStage }

// The options that are there; null is as good as absent.
function checkedWait(options, known) {
  const told = {}
  if (options === undefined || options === null) return told
  if (typeof options !== 'object') throw new TypeError('the options are an object such as { timeout: 1000 }')
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || value === null) continue
    if (!Object.hasOwn(known, name)) {
      throw new TypeError(`there is no option ${name} here, only ${Object.keys(known).join(' and ')}`)
    }
    known[name].check(value)
    told[name] = value
  }
  return told
}

module.exports = { checkedWait, OF_A_VERSION, OF_A_VERSION_SYNC, PROMISED, SYNC }
