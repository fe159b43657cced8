package dev.slipway.registry.version;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.registry.model.ModelName;
import dev.slipway.runtime.error.InvalidValueException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class PackageSourceTest {
  private static final String RUN = "0123456789abcdef0123456789abcdef";

  @Test
  void forms_areToldApart() {
    assertThat(PackageSource.parse("1/run/artifacts/model/"))
        .isEqualTo(
            new PackageSource.ArtifactFolder("1/run/artifacts/model/", "1/run/artifacts/model"));
    assertThat(PackageSource.parse("mlflow-artifacts:/1/a b/ü"))
        .isEqualTo(new PackageSource.ArtifactFolder("mlflow-artifacts:/1/a b/ü", "1/a b/ü"));
    assertThat(PackageSource.parse("runs:/" + RUN + "/model"))
        .isEqualTo(new PackageSource.RunFolder("runs:/" + RUN + "/model", new RunId(RUN), "model"));
    assertThat(PackageSource.parse("runs:/" + RUN))
        .isEqualTo(new PackageSource.RunFolder("runs:/" + RUN, new RunId(RUN), ""));
    assertThat(PackageSource.parse("models:/my model/12"))
        .isEqualTo(
            new PackageSource.OtherVersion(
                "models:/my model/12", new ModelName("my model"), new VersionNumber(12)));
    assertThat(PackageSource.parse("models:/m-" + RUN))
        .isEqualTo(
            new PackageSource.LoggedModel("models:/m-" + RUN, new LoggedModelId("m-" + RUN)));
    assertThat(PackageSource.parse("s3://bucket/a//b/"))
        .isEqualTo(new PackageSource.Elsewhere("s3://bucket/a//b/"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        ".",
        "a/../b",
        "a//b",
        "/a",
        "C:/a",
        "C:\\a",
        "\\\\host\\a",
        "a/%2e%2e/b",
        "a/%252e%252e",
        "a%00b",
        "a#b",
        "mlflow-artifacts:/../a",
        "mlflow-artifacts://host/a",
        "mlflow-artifacts:/",
        "file:/etc/passwd",
        "runs:/abc/model",
        "models:/m/0",
        "models:/m/latest",
        "models:/m",
        "s3://b/%2e%2e/c",
        "http://["
      })
  void unsafeOrMalformed_isRefused(String source) {
    assertThatThrownBy(() -> PackageSource.parse(source))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageMatching("(?s).+");
  }

  @ParameterizedTest
  @CsvSource({
    "/a, SOURCE_LOCAL_PATH",
    "C:/a, SOURCE_LOCAL_PATH",
    "'C:\\a', SOURCE_LOCAL_PATH",
    "file:/etc/passwd, SOURCE_LOCAL_PATH",
    "FILE:///a, SOURCE_LOCAL_PATH",
    "a/../b, SOURCE_UNSAFE",
    "a/%252e%252e, SOURCE_UNSAFE",
    "mlflow-artifacts:/../a, SOURCE_UNSAFE",
    "runs:/0123456789abcdef0123456789abcdef/../a, SOURCE_UNSAFE",
    "s3://b/%2e%2e/c, SOURCE_UNSAFE",
    "'', REQUIRED"
  })
  void refusal_saysOfWhichKind(String source, String reason) {
    assertThatThrownBy(() -> PackageSource.parse(source))
        .isInstanceOfSatisfying(
            InvalidValueException.class, refusal -> assertThat(refusal.reason()).isEqualTo(reason));
  }

  @Test
  void promptsHaveNoFiles_soThatAnyTextWillDoButAPath() {
    Map<String, String> prompt = Map.of("mlflow.prompt.is_prompt", "true");

    assertThat(PackageSource.of("prompt-template", prompt))
        .isEqualTo(new PackageSource.Elsewhere("prompt-template"));
    assertThat(PackageSource.of("a", Map.of("mlflow.prompt.is_prompt", "false")))
        .isEqualTo(new PackageSource.ArtifactFolder("a", "a"));
    for (String path : List.of("/a", "file:/a", "", "x".repeat(PackageSource.MAX_LENGTH + 1))) {
      assertThatThrownBy(() -> PackageSource.of(path, prompt))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
