import adapter from './pop-core.js'

export const { createClient } = adapter
