package dev.slipway.gateway;

import io.grpc.Channel;

/**
 * Holds the channels to the services that the gateway is a client of; whoever made them closes
 * them.
 */
public record GatewayPeers(Channel tracking, Channel registry, Channel artifact, Channel serving) {
  /** Returns the channels when all services answer on one. */
  public static GatewayPeers all(Channel channel) {
    return new GatewayPeers(channel, channel, channel, channel);
  }
}
