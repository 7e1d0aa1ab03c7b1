'use strict'

// Puts what cargo built where lib/native.js looks first: node scripts/place-addon.js <cargo's folder> [<the package's folder>]

const { copyFileSync, renameSync } = require('node:fs')
const path = require('node:path')
const { triple } = require('../lib/triple.js')

const built = { linux: 'libkmsak_node.so', darwin: 'libkmsak_node.dylib', win32: 'kmsak_node.dll' }[process.platform]
const addon = path.join(process.argv[3] ?? path.join(__dirname, '..'), `kmsak.${triple}.node`)
// Not in place: a process that runs with the old addon has it mapped.
copyFileSync(path.join(process.argv[2], built), `${addon}.new`)
renameSync(`${addon}.new`, addon)
