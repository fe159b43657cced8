package dev.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.runtime.config.Commands;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Tests copies of what an override names, for which no service is asked. */
class FetchOutputTest {
  @TempDir private Path folder;
  private Path words;
  private final StringWriter err = new StringWriter();

  @BeforeEach
  void write() throws IOException {
    words = Files.createDirectories(folder.resolve("real/words"));
    Files.createDirectories(words.resolve("d"));
    Files.writeString(words.resolve("d/b.txt"), "b");
    Files.createDirectories(folder.resolve("out"));
  }

  private int fetch(String spec, Path override, Path output) {
    CommandLine line =
        Commands.of(
            Slipway.command(),
            Map.of(
                "SLIPWAY_SERVER",
                "127.0.0.1:1",
                "SLIPWAY_ASSET_CACHE",
                folder.resolve("cache").toString()));
    return line.setOut(new PrintWriter(new StringWriter(), true))
        .setErr(new PrintWriter(err, true))
        .execute(
            "assets", "fetch", "-q", spec, "--override=words=" + override, "-o", output.toString());
  }

  private Path out(String name) {
    return folder.resolve("out").resolve(name);
  }

  private void assertNothingMade() throws IOException {
    try (Stream<Path> made = Files.list(folder.resolve("out"))) {
      assertThat(made).isEmpty();
    }
  }

  @Test
  void fetch_links_areFollowed() throws Exception {
    Path link = Files.createSymbolicLink(folder.resolve("link"), words);
    Files.createSymbolicLink(words.resolve("file-link"), words.resolve("d/b.txt"));
    Path elsewhere = Files.createDirectories(folder.resolve("real/elsewhere"));
    Files.writeString(elsewhere.resolve("c.txt"), "c");
    Files.createSymbolicLink(words.resolve("folder-link"), elsewhere);

    assertThat(fetch("words", link, out("copy"))).as(err.toString()).isZero();

    assertThat(out("copy/d/b.txt")).hasContent("b");
    assertThat(out("copy/file-link")).isRegularFile().hasContent("b");
    assertThat(out("copy/folder-link/c.txt")).hasContent("c");
    assertThat(Files.isSymbolicLink(out("copy/folder-link"))).isFalse();
  }

  @Test
  void fetch_linkToNothingOrRoundInACircle_failsAndLeavesNothing() throws Exception {
    Files.createSymbolicLink(words.resolve("link"), words.resolve("nowhere"));
    assertThat(fetch("words", words, out("copy"))).isEqualTo(1);

    Files.delete(words.resolve("link"));
    Files.createSymbolicLink(words.resolve("link"), words);
    assertThat(fetch("words", words, out("copy"))).isEqualTo(1);

    assertNothingMade();
    assertThat(fetch("words", words, words.resolve("d/copy"))).isEqualTo(1);
    assertThat(err.toString()).contains("lies in what would be copied").doesNotContain("\tat ");
  }

  @Test
  void fetch_interrupted_saysSoAndLeavesNothing() throws Exception {
    Thread.currentThread().interrupt();

    int code = fetch("words", words, out("copy"));

    assertThat(Thread.interrupted()).isFalse();
    assertThat(code).isEqualTo(1);
    assertThat(err.toString()).isEqualTo("slipway: interrupted\n");
    assertNothingMade();
  }

  @Test
  void fetch_malformedSpec_isAMistakeOfTheCommandLine() throws Exception {
    for (String spec : new String[] {"words[", "words[../x]", "bad//name", "words:x"}) {
      assertThat(fetch(spec, words, out("copy"))).as(spec).isEqualTo(2);
    }
    assertNothingMade();
  }
}
