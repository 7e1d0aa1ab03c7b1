'use strict'

// The native addon: beside this folder when it was built here, else in the package for this platform, which npm
// installs as an optional dependency. Written out in full, each in a `try`: that is what bundlers find and may miss.

const { KmsakError } = require('./error.js')
const { triple } = require('./triple.js')

module.exports = load()

function load() {
  const failures = []
  try {
    switch (triple) {
      case 'linux-x64-gnu':
        return require('../kmsak.linux-x64-gnu.node')
      case 'linux-arm64-gnu':
        return require('../kmsak.linux-arm64-gnu.node')
      case 'linux-x64-musl':
        return require('../kmsak.linux-x64-musl.node')
      case 'linux-arm64-musl':
        return require('../kmsak.linux-arm64-musl.node')
      case 'darwin-x64':
        return require('../kmsak.darwin-x64.node')
      case 'darwin-arm64':
        return require('../kmsak.darwin-arm64.node')
      case 'win32-x64-msvc':
        return require('../kmsak.win32-x64-msvc.node')
    }
  } catch (error) {
    failures.push(error)
  }
  try {
    switch (triple) {
      case 'linux-x64-gnu':
        return require('kmsak-linux-x64-gnu')
      case 'linux-arm64-gnu':
        return require('kmsak-linux-arm64-gnu')
      case 'linux-x64-musl':
        return require('kmsak-linux-x64-musl')
      case 'linux-arm64-musl':
        return require('kmsak-linux-arm64-musl')
      case 'darwin-x64':
        return require('kmsak-darwin-x64')
      case 'darwin-arm64':
        return require('kmsak-darwin-arm64')
      case 'win32-x64-msvc':
        return require('kmsak-win32-x64-msvc')
    }
  } catch (error) {
    failures.push(error)
  }
  // None of the cases above.
  if (failures.length === 0)
    throw new KmsakError(
      `there is no kmsak for ${triple}: it is built for Linux and macOS on x64 and arm64 and for Windows on x64; ` +
        'anywhere else build it from source with make build-node',
      { kind: 'configuration' },
    )
  const built = failures.find((error) => error.code !== 'MODULE_NOT_FOUND')
  throw new KmsakError(
    built === undefined
      ? `there is no kmsak for ${triple} here: install kmsak again without --omit=optional, or build it with ` +
          'make build-node'
      : `the native addon of kmsak for ${triple} cannot be loaded (${built.message}): install kmsak again`,
    { kind: 'configuration', cause: built ?? failures[1] },
  )
}
