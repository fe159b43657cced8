/** The typed lists in which messages of both protocols may carry tensors. */
package dev.slipway.serving.contents;
