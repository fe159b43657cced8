package dev.slipway.artifact.content;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ArtifactPathTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "a",
        "1/0f3c/artifacts/model/MLmodel",
        "with space/and+plus",
        "image+step+0+timestamp+1.png",
        "Größe/モデル/😀.bin",
        "a:b/c",
        "100%",
        "100%zz",
        "a%20b",
        "a%2Fb",
        "..a/b..",
        "...",
        ".hidden",
        "~home",
      })
  void of_safePath_isKeptAsItIs(String path) {
    assertThat(new ArtifactPath(path).value()).isEqualTo(path);
  }

  static List<String> unsafe() {
    return UnsafePaths.ALL;
  }

  @ParameterizedTest
  @MethodSource("unsafe")
  void of_unsafePath_isRefused(String path) {
    assertThat(ArtifactPath.problem(path)).isPresent();
    assertThatThrownBy(() -> new ArtifactPath(path)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void of_encodedTenTimes_isSafeAndElevenTimesIsNot() {
    assertThat(ArtifactPath.problem("%" + "25".repeat(9) + "41")).isEmpty();
    assertThat(ArtifactPath.problem("%" + "25".repeat(11) + "41")).isPresent();
  }

  @Test
  void of_lengthLimits_areInclusiveAndInBytes() {
    String segment = "ä".repeat(127);
    assertThat(ArtifactPath.problem(segment + "a")).isEmpty();
    assertThat(ArtifactPath.problem(segment + "ä")).isPresent();
    assertThat(ArtifactPath.problem("x/".repeat(511) + "ab")).isEmpty();
    assertThat(ArtifactPath.problem("x/".repeat(511) + "abc")).isPresent();
  }

  @Test
  void parentAndName_walkUpToTheRoot() {
    ArtifactPath path = new ArtifactPath("a/b/c.txt");
    assertThat(path.name()).isEqualTo("c.txt");
    assertThat(path.parent()).isEqualTo(new ArtifactPath("a/b"));
    assertThat(path.parent().parent().parent()).isEqualTo(ArtifactPath.ROOT);
    assertThat(ArtifactPath.ROOT.isRoot()).isTrue();
    assertThatThrownBy(ArtifactPath.ROOT::parent).isInstanceOf(IllegalStateException.class);
  }
}
