'use strict'

const { fromFailure } = require('./error.js')

// `refresh_failed` in every binding is `refreshFailed` here.
function named(name) {
  return name.replace(/_(.)/g, (_, letter) => letter.toUpperCase())
}

// The name and the object that listeners get.
function fromNative({ event, error, notAfter, expires, ...rest }) {
  const told = { ...rest }
  if (error !== undefined) told.error = fromFailure(error)
  if (notAfter !== undefined) told.notAfter = new Date(notAfter)
  if (expires !== undefined) told.expires = new Date(expires)
  return [named(event), told]
}

module.exports = { fromNative }
