'use strict'

const { Credentials } = require('./credentials.js')
const { KmsakError } = require('./error.js')
const { forwardLogs } = require('./mailbox.js')
const { Provider } = require('./provider.js')
const { Secret } = require('./secret.js')

module.exports = { Credentials, KmsakError, Provider, Secret, forwardLogs }
