package dev.slipway.cli.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.registry.v1.Check;
import dev.slipway.registry.v1.ExternalCheck;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class CheckOptionTest {
  private final CheckOption option = new CheckOption();

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "signature=backward | signature | signature=backward",
        "signature=FULL | signature | signature=full",
        "golden-requests | golden-requests | golden-requests",
        "golden-requests=allow-missing | golden-requests | golden-requests=allow-missing",
        "metrics=metrics.a:b >= 1 | metrics | metrics=metrics.a:b >= 1",
        "p99:metrics=metrics.p99 < 20 | p99 | metrics=metrics.p99 < 20",
        "max=val accuracy | max-val-accuracy | max=val accuracy",
        "min=loss,0.5 | min-loss | min=loss,0.5",
        "loss:min=loss | loss | min=loss",
        "external=fairness | fairness | external=fairness",
        "external=fairness,120m | fairness | external=fairness,2h",
        "external=fairness,by=audit | fairness | external=fairness,by=audit",
        "external=fairness,7d,by=audit,lead | fairness | external=fairness,7d,by=audit,lead"
      })
  void convert_knownForm_isReadAndWritten(String text, String name, String written)
      throws Exception {
    Check check = option.convert(text);

    assertThat(check.getName()).isEqualTo(name);
    assertThat(CheckOption.write(check)).isEqualTo(written);
  }

  @Test
  void convert_external_readsAgeAndRoles() throws Exception {
    ExternalCheck external = option.convert("external=fairness,7d,by=audit,lead").getExternal();

    assertThat(external.getValidForSeconds()).isEqualTo(7 * 86_400);
    assertThat(external.getReporterRolesList()).containsExactly("audit", "lead");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "signature",
        "signature=sideways",
        "signature=unspecified",
        "golden-requests=all",
        "max=loss,much",
        "external=fairness,soon",
        "external=fairness,by=qa,7d",
        "nonsense=1",
        "a b:max=loss"
      })
  void convert_unknownForm_isRefused(String text) {
    assertThatThrownBy(() -> option.convert(text)).isInstanceOf(TypeConversionException.class);
  }
}
