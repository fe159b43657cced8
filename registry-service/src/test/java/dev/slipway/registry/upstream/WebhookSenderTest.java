package dev.slipway.registry.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.registry.testing.WebhookReceiver;
import dev.slipway.registry.webhook.AddressPolicy;
import dev.slipway.registry.webhook.WebhookAttempt;
import dev.slipway.registry.webhook.WebhookFormat;
import dev.slipway.registry.webhook.WebhookMessage;
import dev.slipway.registry.webhook.WebhookSecret;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import okhttp3.Dns;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Tries to reach a receiver on this machine, which the settings do not allow. */
final class WebhookSenderTest {
  private static final WebhookSecret SECRET =
      WebhookSecret.parse(WebhookFormat.STANDARD, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");

  private final WebhookReceiver receiver = new WebhookReceiver();

  @AfterEach
  void close() {
    receiver.close();
  }

  @Test
  void literalAddresses_areRefusedAtTheSocket() throws Exception {
    for (String host : new String[] {"127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"}) {
      WebhookAttempt attempt = send(Dns.SYSTEM, "http://" + host + ":" + receiver.port() + "/");

      assertThat(attempt.httpStatus()).as(host).isZero();
      assertThat(attempt.error()).as(host).contains("private or special network");
    }
    assertThat(receiver.waiting()).isZero();
  }

  @Test
  void namesOfPrivateAddresses_areRefusedAtTheSocket() throws Exception {
    WebhookAttempt attempt =
        send(answers("10.0.0.1", "127.0.0.1"), "http://hook.test:" + receiver.port() + "/");

    assertThat(attempt.httpStatus()).isZero();
    assertThat(attempt.error()).contains("private or special network");
    assertThat(receiver.waiting()).isZero();
  }

  @Test
  void aNameThatChangesItsMind_isRefusedAtTheSocket() throws Exception {
    Queue<String> changing = new ArrayDeque<>(List.of("8.8.8.8", "127.0.0.1"));
    Dns dns = host -> List.of(InetAddress.getByName(changing.remove()));
    WebhookTargets targets = new WebhookTargets(new AddressPolicy(false), true, dns);
    String url = "http://hook.test:" + receiver.port() + "/";

    assertThat(targets.requireAllowed(url)).isEqualTo(url);
    WebhookAttempt attempt = send(targets, url);

    assertThat(changing).isEmpty();
    assertThat(attempt.error()).contains("127.0.0.1").contains("private or special network");
    assertThat(receiver.waiting()).isZero();
  }

  @Test
  void allowed_isReached_byNameAndByAddress() throws Exception {
    WebhookTargets targets =
        new WebhookTargets(new AddressPolicy(true), true, answers("127.0.0.1"));

    assertThat(send(targets, "http://hook.test:" + receiver.port() + "/").httpStatus())
        .isEqualTo(204);
    assertThat(send(targets, receiver.url("/")).httpStatus()).isEqualTo(204);
    assertThat(receiver.next(2)).hasSize(2);
  }

  @Test
  void unknownNames_andClosedPorts_areFailedAttempts() {
    Dns nobody =
        host -> {
          throw new UnknownHostException(host);
        };
    assertThat(send(nobody, "https://hook.test/").error()).contains("hook.test");
    Dns broken =
        host -> {
          throw new IllegalStateException("out of order");
        };
    assertThat(send(broken, "https://hook.test/").error()).contains("out of order");
    int port = receiver.port();
    receiver.close();
    WebhookTargets open = new WebhookTargets(new AddressPolicy(true), true, Dns.SYSTEM);
    assertThat(send(open, "http://127.0.0.1:" + port + "/").error()).isNotEmpty();
  }

  @Test
  void urls_areCheckedWhenTheyAreGiven() throws Exception {
    Dns dns = answers("8.8.8.8");
    WebhookTargets strict = new WebhookTargets(new AddressPolicy(false), false, dns);
    WebhookTargets inside =
        new WebhookTargets(new AddressPolicy(false), false, answers("8.8.8.8", "10.0.0.1"));

    assertThat(strict.requireAllowed("https://hook.test:8443/a?b=c"))
        .isEqualTo("https://hook.test:8443/a?b=c");
    for (String bad :
        new String[] {
          "",
          "hook.test",
          "/hook",
          "http://hook.test/",
          "ftp://hook.test/",
          "https://user@hook.test/",
          "https://user:word@hook.test/",
          "https:// hook.test/",
          "https://hook.test/a b",
          "https://hook.test/" + "x".repeat(2048)
        }) {
      assertThatThrownBy(() -> strict.requireAllowed(bad))
          .as(bad)
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(() -> inside.requireAllowed("https://hook.test/"))
        .hasMessageContaining("private or special network");
  }

  private static WebhookAttempt send(Dns dns, String url) {
    return send(new WebhookTargets(new AddressPolicy(false), true, dns), url);
  }

  private static WebhookAttempt send(WebhookTargets targets, String url) {
    try (WebhookSender sender = new WebhookSender(targets, Clock.systemUTC())) {
      return sender.send(new WebhookMessage("id", url, SECRET, Duration.ofSeconds(30), "{}"));
    }
  }

  private static Dns answers(String... addresses) throws UnknownHostException {
    List<InetAddress> all = new ArrayList<>();
    for (String address : addresses) {
      all.add(InetAddress.getByName(address));
    }
    return host -> all;
  }
}
