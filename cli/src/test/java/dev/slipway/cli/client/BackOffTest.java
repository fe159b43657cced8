package dev.slipway.cli.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import org.junit.jupiter.api.Test;

class BackOffTest {
  @Test
  void passes_whatMayBeOtherwiseLater_does() {
    assertThat(BackOff.passes(Status.UNAVAILABLE.asRuntimeException())).isTrue();
    assertThat(
            BackOff.passes(
                Status.RESOURCE_EXHAUSTED.withDescription("no room").asRuntimeException()))
        .isTrue();
    assertThat(BackOff.passes(Status.INTERNAL.asRuntimeException())).isFalse();
    assertThat(
            BackOff.passes(
                Status.RESOURCE_EXHAUSTED
                    .withDescription("gRPC message exceeds maximum size 10: 11")
                    .asRuntimeException()))
        .isFalse();
  }
}
