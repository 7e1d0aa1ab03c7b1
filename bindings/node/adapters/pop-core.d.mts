export * from './pop-core.js'
