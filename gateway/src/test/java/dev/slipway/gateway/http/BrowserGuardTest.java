package dev.slipway.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BrowserGuardTest {
  private final BrowserGuard guard = new BrowserGuard(List.of());

  @Test
  void clientWithoutOrigin_passesUnderAnyName() {
    assertThat(guard.admits("POST", "anything:5000", null)).isTrue();
    assertThat(guard.admits("POST", null, null)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://localhost:5000",
        "http://127.0.0.1",
        "http://[::1]:5000",
        "http://192.168.1.7:3000",
        "https://10.0.0.1",
        "http://172.20.0.5:80"
      })
  void originOfTheNeighbourhood_mayWrite(String origin) {
    assertThat(guard.admits("POST", "localhost", origin)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://evil.example.org",
        "null",
        "http://localhost.evil.example.org",
        "http://172.32.0.1",
        "http://10.0.0.1.example.org",
        "http://localhost@evil.example.org",
        "%%%"
      })
  void foreignOrigin_mayOnlyRead(String origin) {
    assertThat(guard.admits("POST", "localhost", origin)).isFalse();
    assertThat(guard.admits("GET", "localhost", origin)).isTrue();
  }

  @Test
  void givenHosts_otherNamesAreRefused() {
    BrowserGuard strict = new BrowserGuard(List.of("Slipway.example.org"));

    assertThat(strict.admits("GET", "slipway.example.org:5000", null)).isTrue();
    assertThat(strict.admits("GET", "localhost:5000", null)).isTrue();
    assertThat(strict.admits("GET", "rebound.example.org:5000", null)).isFalse();
    assertThat(strict.admits("POST", "localhost", "https://slipway.example.org:8443")).isTrue();
  }

  @Test
  void star_allowsAll() {
    BrowserGuard open = new BrowserGuard(List.of("*"));

    assertThat(open.admits("POST", "x", "http://evil.example.org")).isTrue();
  }
}
