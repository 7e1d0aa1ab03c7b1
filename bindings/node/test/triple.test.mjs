// Which C library this is, by the program's loader and by Node's report.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { test } from 'node:test'

const require = createRequire(import.meta.url)
const onLinux = { skip: process.platform === 'linux' ? false : 'only Linux has two C libraries' }

test('the loader and the report tell the same', onLinux, () => {
  const { isMusl, isMuslByReport } = require('../lib/triple.js')
  assert.equal(isMusl(), isMuslByReport())
})

test('no report is made where the loader is known', onLinux, () => {
  const script = `
    process.report.getReport = () => { throw new Error('it was asked') }
    process.stdout.write(require(${JSON.stringify(require.resolve('../lib/triple.js'))}).triple)`
  const { triple } = require('../lib/triple.js')
  assert.equal(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' }), triple)
})

test('without the file that tells it the report is asked', onLinux, () => {
  const script = `
    const fs = require('node:fs')
    const { openSync } = fs
    fs.openSync = (path, ...rest) => {
      if (String(path).startsWith('/proc')) throw new Error('there is no /proc')
      return openSync(path, ...rest)
    }
    process.stdout.write(require(${JSON.stringify(require.resolve('../lib/triple.js'))}).triple)`
  const { triple } = require('../lib/triple.js')
  assert.equal(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' }), triple)
})
