'use strict'

// The native addon: beside this folder when it was built here, else in the package for this platform, which npm
// installs as an optional dependency.

const path = require('node:path')
const { KmsakError } = require('./error.js')
const { triple } = require('./triple.js')

module.exports = load()

function load() {
  const failures = []
  for (const place of [path.join(__dirname, '..', `kmsak.${triple}.node`), `kmsak-${triple}`]) {
    try {
      return require(place)
    } catch (error) {
      failures.push(error)
    }
  }
  const built = failures.find((error) => error.code !== 'MODULE_NOT_FOUND')
  throw new KmsakError(
    built === undefined
      ? `there is no kmsak for ${triple} here: install kmsak again without --omit=optional, or build it with ` +
          'make build-node'
      : `the native addon of kmsak for ${triple} cannot be loaded (${built.message}): install kmsak again`,
    { kind: 'configuration', cause: built ?? failures[1] },
  )
}
