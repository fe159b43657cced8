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
    WebhookSecret secret = parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");

    assertThat(
            secret.sign(
                "msg_p5jXN8AQM9LWM0D4loKWxJek",
                Instant.ofEpochSecond(1614265330, 999_999_999),
                "{\"test\": 2432232314}"))
        .isEqualTo("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  }

  @Test
  void parse_takesThePrefixOrNot_andRefusesOtherSizes() {
    assertThat(parse("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
        .isEqualTo(parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
    for (String bad : new String[] {"", "whsec_", "not base64 ☹", "QUJD", "QUJD".repeat(22)}) {
      assertThatThrownBy(() -> parse(bad)).isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(() -> parse("almost-a-secret!")).message().doesNotContain("almost");
  }

  /** What MLflow 3.17 computes for the same secret, delivery, time and body. */
  @Test
  void sign_inMlflowsForm_isThatOfMlflow() {
    WebhookSecret secret = WebhookSecret.parse(WebhookFormat.MLFLOW, "täglich grüßt whsec_x");

    assertThat(
            secret.sign(
                "0123456789abcdef0123456789abcdef_7",
                Instant.ofEpochSecond(1735689600),
                "{\"entity\": \"model_version\"}"))
        .isEqualTo("v1,HytBBUWlq5HU2XpAXeGF9Rc4mOd6fiVl9ryl2S6MERs=");
    assertThat(secret.reveal()).isEqualTo("täglich grüßt whsec_x");
  }

  @Test
  void parse_inMlflowsForm_takesAnyTextOfSomeLength() {
    assertThat(WebhookSecret.parse(WebhookFormat.MLFLOW, "☹".repeat(512)).text()).hasSize(512);
    for (String bad : new String[] {"", "a\0b", "x".repeat(513)}) {
      assertThatThrownBy(() -> WebhookSecret.parse(WebhookFormat.MLFLOW, bad))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  private static WebhookSecret parse(String given) {
    return WebhookSecret.parse(WebhookFormat.STANDARD, given);
  }

  @Test
  void generated_areNewAndNeverPrinted() {
    SecureRandom random = new SecureRandom();
    WebhookSecret secret = WebhookSecret.generate(WebhookFormat.STANDARD, random);

    assertThat(parse(secret.reveal())).isEqualTo(secret);
    assertThat(WebhookSecret.generate(WebhookFormat.STANDARD, random)).isNotEqualTo(secret);
    assertThat(secret.toString()).doesNotContain(secret.text());
  }
}
