/** The two gRPC faces of serving: messages in, one call of the inference path, messages out. */
package dev.slipway.serving.rpc;
