package dev.slipway.artifact.content;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Random;
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
        "m/file.x:y",
        "m/profile:x",
        "m/CC:",
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

  // What a path is relative to a directory above it must be a path too: snapshots make such.
  @Test
  void of_everyRunOfSegmentsOfASafePath_isSafe() {
    List<String> pieces =
        List.of("a", "C:", "c:x", "file:", "file", ":", "/", "%2F", "%3A", "%", "25", "2e", ".");
    Random random = new Random(1);
    int safe = 0;
    for (int i = 0; i < 200_000; i++) {
      StringBuilder text = new StringBuilder();
      for (int n = random.nextInt(7); n >= 0; n--) {
        text.append(pieces.get(random.nextInt(pieces.size())));
      }
      if (ArtifactPath.problem(text.toString()).isPresent()) {
        continue;
      }
      safe++;
      for (int slash = text.indexOf("/"); slash >= 0; slash = text.indexOf("/", slash + 1)) {
        assertThat(ArtifactPath.problem(text.substring(slash + 1))).as(text.toString()).isEmpty();
        assertThat(ArtifactPath.problem(text.substring(0, slash))).as(text.toString()).isEmpty();
      }
    }
    assertThat(safe).isGreaterThan(10_000);
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
