/** What versions were made from and what was made from them. */
package dev.slipway.registry.lineage;
