package dev.slipway.registry.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.security.SecureRandom;
import java.time.Instant;
import org.junit.jupiter.api.Test;

final class WebhookSecretTest {
  /** The example that the libraries of Standard Webhooks are tested with. */
  @Test
  void sign_isThatOfStandardWebhooks() {
    WebhookSecret secret = WebhookSecret.parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");

    assertThat(
            secret.sign(
                "msg_p5jXN8AQM9LWM0D4loKWxJek",
                Instant.ofEpochSecond(1614265330, 999_999_999),
                "{\"test\": 2432232314}"))
        .isEqualTo("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  }

  @Test
  void parse_takesThePrefixOrNot_andRefusesOtherSizes() {
    assertThat(WebhookSecret.parse("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
        .isEqualTo(WebhookSecret.parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
    for (String bad : new String[] {"", "whsec_", "not base64 ☹", "QUJD", "QUJD".repeat(22)}) {
      assertThatThrownBy(() -> WebhookSecret.parse(bad))
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(() -> WebhookSecret.parse("almost-a-secret!"))
        .message()
        .doesNotContain("almost");
  }

  @Test
  void generated_areNewAndNeverPrinted() {
    SecureRandom random = new SecureRandom();
    WebhookSecret secret = WebhookSecret.generate(random);

    assertThat(WebhookSecret.parse(secret.reveal())).isEqualTo(secret);
    assertThat(WebhookSecret.generate(random)).isNotEqualTo(secret);
    assertThat(secret.toString()).doesNotContain(secret.base64());
  }
}
