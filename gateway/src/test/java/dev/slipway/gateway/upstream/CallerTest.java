package dev.slipway.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CallerTest {
  private static String basic(String credentials) {
    return Base64.getEncoder().encodeToString(credentials.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void userOfBasicAuthentication_isTheActor() {
    assertThat(Caller.of("Basic " + basic("ada:secret:with:colons"))).contains(new Caller("ada"));
    assertThat(Caller.of("basic " + basic(" Ada Lovelace :"))).contains(new Caller("Ada Lovelace"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Bearer abc", "Basic", "Basic %%%", "Basic Og=="})
  void otherHeaders_nameNobody(String authorization) {
    assertThat(Caller.of(authorization)).isEmpty();
  }

  @Test
  void nameThatTheAuditLogCannotHold_isLeftOut() {
    assertThat(Caller.of(null)).isEmpty();
    assertThat(Caller.of("Basic " + basic("\u00e4da:x"))).isEmpty();
    assertThat(Caller.of("Basic " + basic("a\nb:x"))).isEmpty();
    assertThat(Caller.of("Basic " + basic("x".repeat(129) + ":x"))).isEmpty();
  }
}
