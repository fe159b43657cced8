/** What traffic rules lead to: figures of champion and challenger, and what follows from them. */
package dev.slipway.serving.traffic;
