'use strict'

const fs = require('node:fs')

// What napi-rs calls this platform; the packages in npm/ are named after it.

function platform() {
  const system = `${process.platform}-${process.arch}`
  if (process.platform === 'linux') return `${system}-${isMusl() ? 'musl' : 'gnu'}`
  return process.platform === 'win32' ? `${system}-msvc` : system
}

function isMusl() {
  const loader = ownLoader()
  if (loader.includes('/ld-musl-')) return true
  if (loader.includes('/ld-linux')) return false
  return isMuslByReport()
}

// The beginning of the program that runs here, which names its loader; nothing where it cannot be read. A report tells the
// same and takes 6 ms.
function ownLoader() {
  try {
    const program = fs.openSync('/proc/self/exe', 'r')
    try {
      const beginning = Buffer.alloc(4096)
      return beginning.latin1Slice(0, fs.readSync(program, beginning, 0, beginning.length, 0))
    } finally {
      fs.closeSync(program)
    }
  } catch {
    return ''
  }
}

function isMuslByReport() {
  // Else a report asks the network for the names of open sockets, which takes seconds.
  const { excludeNetwork } = process.report
  process.report.excludeNetwork = true
  const { header } = process.report.getReport()
  process.report.excludeNetwork = excludeNetwork
  return header.glibcVersionRuntime === undefined
}

module.exports = { triple: platform(), isMusl, isMuslByReport }
