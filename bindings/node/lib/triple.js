'use strict'

// What napi-rs calls this platform; the packages in npm/ are named after it.

function platform() {
  const system = `${process.platform}-${process.arch}`
  if (process.platform === 'linux') return `${system}-${isMusl() ? 'musl' : 'gnu'}`
  return process.platform === 'win32' ? `${system}-msvc` : system
}

function isMusl() {
  // Else a report asks the network for the names of open sockets, which takes seconds.
  const { excludeNetwork } = process.report
  process.report.excludeNetwork = true
  const { header } = process.report.getReport()
  process.report.excludeNetwork = excludeNetwork
  return header.glibcVersionRuntime === undefined
}

module.exports = { triple: platform() }
