package dev.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.runtime.config.Commands;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class AssetsCommandsIT {
  private static final Set<String> MOVING_FILES = Set.of("new", "update", "fetch");

  @TempDir private static Path data;
  private static SlipwayProcess server;

  @TempDir private Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeAll
  static void start() throws IOException {
    server = SlipwayProcess.startServer("server", "--data-dir=" + data);
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @BeforeEach
  void write() throws IOException {
    Files.createDirectories(folder.resolve("words/d"));
    Files.writeString(folder.resolve("words/a.txt"), "hello");
    Files.writeString(folder.resolve("words/d/b.txt"), "world!");
  }

  /** Runs a command and returns its exit code; what it prints is then in {@link #out}. */
  private int slipway(String address, String... args) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    CommandLine line =
        Commands.of(
            Slipway.command(),
            Map.of(
                "SLIPWAY_SERVER",
                address,
                "SLIPWAY_ASSET_CACHE",
                folder.resolve("cache").toString()));
    List<String> all = new ArrayList<>(List.of("assets"));
    all.addAll(List.of(args));
    return line.setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(all.toArray(String[]::new));
  }

  private String done(String... args) {
    List<String> all = new ArrayList<>(List.of(args));
    if (MOVING_FILES.contains(args[0])) {
      // A transfer that takes long would tell how far it is.
      all.add("-q");
    }
    assertThat(slipway(server.address(), all.toArray(String[]::new))).as(err.toString()).isZero();
    assertThat(err.toString()).isEmpty();
    return out.toString();
  }

  private String words() {
    return folder.resolve("words").toString();
  }

  @Test
  void newAndUpdate_tellTheVersionThatWasPushed() {
    assertThat(
            done("new", "push/a", words(), "--author", "ada", "-m", "first", "--metadata", "k=v"))
        .startsWith("push/a:0.0  2 files, 11 bytes, ")
        .endsWith(" by ada  first\n");
    assertThat(done("update", "push/a", words())).startsWith("push/a:0.1  ");
    assertThat(done("update", "push/a", words(), "--bump-major")).startsWith("push/a:1.0  ");
    assertThat(done("update", "push/a:0", words(), "--json"))
        .contains("\"version\":\"0.2\"")
        .contains("\"is_directory\":true")
        .hasLineCount(1);
    assertThat(done("new", "push/a", words(), "--asset-version", "7.1")).startsWith("push/a:7.1  ");
    assertThat(done("new", "push/d", words(), "--date"))
        .matches("(?s)push/d:\\d{4}-\\d\\d-\\d\\dT\\d\\d-\\d\\d-\\d\\dZ  .*");
  }

  @Test
  void newAndUpdate_thatAreRefused_sayWhyAndExitWithOne() {
    done("new", "refused/a", words());

    assertThat(slipway(server.address(), "new", "refused/a", words())).isEqualTo(1);
    assertThat(err.toString())
        .startsWith("slipway: push of " + words() + " failed: ALREADY_EXISTS: asset refused/a")
        .contains("  reason: ASSET_ALREADY_EXISTS")
        .doesNotContain("\tat ");
    assertThat(slipway(server.address(), "update", "refused/none", words())).isEqualTo(1);
    assertThat(err.toString()).contains("  reason: ASSET_NOT_FOUND");
    assertThat(slipway(server.address(), "new", "bad//name", words())).isEqualTo(1);
    assertThat(err.toString()).contains("  reason: INVALID_REQUEST").contains("  name: ");
    assertThat(slipway(server.address(), "new", "refused/b", words() + "-none")).isEqualTo(2);
    assertThat(slipway(server.address(), "update", "a:1.2", words())).isEqualTo(2);
    assertThat(slipway(server.address(), "fetch", "a[", "-q")).isEqualTo(2);
    assertThat(err.toString().lines()).hasSize(1).allMatch(line -> line.startsWith("slipway: "));
  }

  @Test
  void list_tellsAssetsAndTheirVersions() {
    done("new", "list/a", words(), "-m", "letters");
    done("update", "list/a", words());
    done("new", "list/b", words());

    assertThat(done("list", "--prefix", "list/").lines())
        .satisfiesExactly(
            a -> assertThat(a).startsWith("list/a:0.1  2 versions, ").endsWith("  letters"),
            b -> assertThat(b).startsWith("list/b:0.0  1 version, "));
    assertThat(done("list", "list/a", "--json").lines())
        .satisfiesExactly(
            first -> assertThat(first).contains("\"version\":\"0.1\""),
            second -> assertThat(second).contains("\"version\":\"0.0\""));
    assertThat(slipway(server.address(), "list", "list/none")).isEqualTo(1);
    assertThat(err.toString()).contains("  reason: ASSET_NOT_FOUND");
  }

  @Test
  void resolve_tellsTheVersionAndItsFiles() {
    done("new", "resolve/a", words());

    assertThat(done("resolve", "resolve/a[d]").lines())
        .satisfiesExactly(
            version -> assertThat(version).startsWith("resolve/a:0.0  2 files, "),
            file -> assertThat(file).matches("[0-9a-f]{64} 6 d/b\\.txt"));
    assertThat(done("resolve", "resolve/a:0", "--json")).contains("\"path\":\"a.txt\"");
    assertThat(slipway(server.address(), "resolve", "resolve/a[x]")).isEqualTo(1);
    assertThat(err.toString()).contains("  reason: ASSET_PART_NOT_FOUND");
  }

  @Test
  void fetch_printsWhereItIs() {
    done("new", "fetch/a", words());

    Path whole = Path.of(done("fetch", "fetch/a").strip());
    Path part = Path.of(done("fetch", "fetch/a:0.0[d/b.txt]").strip());
    String json = done("fetch", "fetch/a:0.0", "--json", "--verify");

    assertThat(whole).startsWith(folder.resolve("cache"));
    assertThat(whole.resolve("a.txt")).hasContent("hello");
    assertThat(part).hasContent("world!");
    assertThat(json)
        .contains("\"path\":\"" + whole + "\"")
        .contains("\"from_cache\":true")
        .contains("\"version\":\"0.0\"");
    assertThat(slipway("127.0.0.1:1", "fetch", "--asset-cache-bytes", "0", "fetch/a")).isEqualTo(2);
    assertThat(slipway(server.address(), "fetch", "fetch/a", "--override", "fetch/a=" + words()))
        .isZero();
    assertThat(out.toString()).isEqualTo(words() + "\n");
  }

  @Test
  void fetch_output_isACopyThatReplacesNothing() throws Exception {
    done("new", "copy/a", words());
    Path target = folder.resolve("copy");
    Path file = folder.resolve("b.txt");

    assertThat(done("fetch", "copy/a", "-o", target.toString())).isEqualTo(target + "\n");
    done("fetch", "copy/a[d/b.txt]", "-o", file.toString());

    assertThat(target.resolve("d/b.txt")).hasContent("world!");
    assertThat(file).hasContent("world!");
    Files.writeString(target.resolve("a.txt"), "mine");
    assertThat(slipway(server.address(), "fetch", "copy/a", "-o", target.toString())).isEqualTo(1);
    assertThat(err.toString()).startsWith("slipway: FileAlreadyExistsException: ");
    assertThat(target.resolve("a.txt")).hasContent("mine");
  }

  @Test
  void fetch_ofNobody_saysSoAndHowToStartAServer() {
    assertThat(slipway("127.0.0.1:1", "resolve", "a")).isEqualTo(1);
    assertThat(err.toString())
        .startsWith("slipway: UNAVAILABLE: ")
        .contains("slipway server")
        .doesNotContain("\tat ");
    assertThat(slipway(server.address(), "fetch", "none/at-all")).isEqualTo(1);
    assertThat(err.toString())
        .startsWith("slipway: asset none/at-all failed: NOT_FOUND: ")
        .contains("  reason: ASSET_NOT_FOUND");
  }
}
