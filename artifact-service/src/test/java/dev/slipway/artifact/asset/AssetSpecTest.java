package dev.slipway.artifact.asset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.artifact.content.ArtifactPath;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AssetSpecTest {
  @Test
  void parse_everyForm_isRead() {
    AssetName name = new AssetName("vocabularies/english-2.x_y");
    String text = name.value();

    assertThat(AssetSpec.parse(text))
        .isEqualTo(new AssetSpec(name, new VersionSelector.Newest(), Optional.empty()));
    assertThat(AssetSpec.parse(text + ":1"))
        .isEqualTo(new AssetSpec(name, new VersionSelector.NewestOfMajor(1), Optional.empty()));
    assertThat(AssetSpec.parse(text + ":0.12"))
        .isEqualTo(
            new AssetSpec(
                name, new VersionSelector.Exactly(VersionNumber.numbers(0, 12)), Optional.empty()));
    assertThat(AssetSpec.parse(text + ":2026-01-02T03-04-05Z[a/b c:d].txt]"))
        .isEqualTo(
            new AssetSpec(
                name,
                new VersionSelector.Exactly(VersionNumber.parse("2026-01-02T03-04-05Z")),
                Optional.of(new ArtifactPath("a/b c:d].txt"))));
    assertThat(AssetSpec.parse("a[x]").part()).contains(new ArtifactPath("x"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "a:",
        ":1",
        "-a",
        "a-",
        "a//b",
        "a/../b",
        "a b",
        "ä",
        "a:1.",
        "a:.1",
        "a:01",
        "a:1.00",
        "a:1.0.0",
        "a:latest",
        "a:1000000000",
        "a:2026-13-01T00-00-00Z",
        "a:2026-02-30T00-00-00Z",
        "a:+12026-02-03T00-00-00Z",
        "a[]",
        "a[x",
        "a[x]y",
        "a[../x]",
        "a[/x]",
        "a:1[x]:2"
      })
  void parse_malformed_isRefused(String spec) {
    assertThatThrownBy(() -> AssetSpec.parse(spec)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void name_longest_isTaken() {
    String longest = "abcd/".repeat(51);

    assertThat(new AssetName(longest.substring(0, 254) + "x").value()).hasSize(255);
    assertThatThrownBy(() -> new AssetName(longest + "x"))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
