'use strict'

const { inspect } = require('node:util')

// Getters on the prototype over private fields: whatever walks an object's own properties (inspect, JSON.stringify,
// structuredClone, loggers) finds no secret, and destructuring works.
class Credentials {
  #parts

  constructor(parts) {
    this.#parts = parts
  }

  get accessKeyId() {
    return this.#parts.accessKeyId
  }

  get accessKeySecret() {
    return this.#parts.accessKeySecret
  }

  get versionId() {
    return this.#parts.versionId
  }

  get secretName() {
    return this.#parts.secretName
  }

  get generateTimestamp() {
    return this.#parts.generateTimestamp
  }

  get expireTimestamp() {
    return this.#parts.expireTimestamp
  }

  get refreshInterval() {
    return this.#parts.refreshInterval
  }

  get scheduleRotateTimestamp() {
    const { scheduleRotateTimestamp } = this.#parts
    return scheduleRotateTimestamp === undefined ? undefined : new Date(scheduleRotateTimestamp)
  }

  // What inherits from one, as mocks do, has nothing to show.
  toJSON() {
    if (!(#parts in this)) return {}
    const { accessKeyId, versionId, secretName } = this
    return { accessKeyId, versionId, secretName }
  }

  toString() {
    return #parts in this ? `Credentials(${this.accessKeyId})` : 'Credentials'
  }

  [inspect.custom](_depth, options, inspectAgain = inspect) {
    return `Credentials ${inspectAgain(this.toJSON(), options)}`
  }
}

module.exports = { Credentials }
