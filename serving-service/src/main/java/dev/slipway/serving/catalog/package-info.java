/**
 * What this server knows of the registry: models, versions, stages and aliases at one revision.
 * Plain data and pure rules; nothing here loads, calls or stores anything.
 */
package dev.slipway.serving.catalog;
