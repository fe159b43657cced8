package dev.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.runtime.config.Commands;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class ArtifactsCommandsIT {
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

  private int artifacts(String... args) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    CommandLine line = Commands.of(Slipway.command(), Map.of("SLIPWAY_SERVER", server.address()));
    String[] all = new String[args.length + 1];
    all[0] = "artifacts";
    System.arraycopy(args, 0, all, 1, args.length);
    return line.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true)).execute(all);
  }

  private Path tree() throws IOException {
    Path tree = Files.createDirectories(folder.resolve("tree/größe 😀"));
    byte[] large = new byte[40 << 20];
    new Random(1).nextBytes(large);
    Files.write(tree.resolve("large.bin"), large);
    Files.writeString(tree.resolve("モデル +1%.txt"), "hello\n");
    Files.createFile(folder.resolve("tree/empty"));
    return folder.resolve("tree");
  }

  @Test
  void folder_upAndDown_isEqual() throws Exception {
    Path tree = tree();

    assertThat(artifacts("upload", tree.toString(), "round/")).as(err.toString()).isZero();
    assertThat(out.toString()).isEqualToIgnoringNewLines("round/tree: 3 files, 41,943,046 bytes");
    assertThat(artifacts("download", "round/tree", folder.resolve("down").toString()))
        .as(err.toString())
        .isZero();

    for (String name : List.of("empty", "größe 😀/large.bin", "größe 😀/モデル +1%.txt")) {
      assertThat(Files.mismatch(tree.resolve(name), folder.resolve("down").resolve(name)))
          .as(name)
          .isEqualTo(-1);
    }
    assertThat(artifacts("download", "round/tree", folder.resolve("down/x/y").toString()))
        .as("into a folder that is not there")
        .isEqualTo(1);
    assertThat(err.toString()).startsWith("slipway: ").doesNotContain("\tat ");
  }

  @Test
  void list_showsALevelOrAll_forPeopleAndPrograms() throws Exception {
    assertThat(artifacts("upload", "-q", tree().toString(), "listed")).as(err.toString()).isZero();

    assertThat(artifacts("list", "listed")).isZero();
    assertThat(out.toString().lines())
        .satisfiesExactly(
            line -> assertThat(line).matches(" +0  20\\d\\d-.*Z  listed/empty"),
            line -> assertThat(line).endsWith("-  listed/größe 😀/"));
    assertThat(artifacts("list", "listed", "-r", "--json")).isZero();
    assertThat(out.toString().lines())
        .hasSize(3)
        .first()
        .asString()
        .contains("\"path\":\"listed/empty\"", "\"sha256\":\"e3b0c442");
    assertThat(artifacts("ls", "listed/empty")).isZero();
    assertThat(out.toString()).endsWith("listed/empty\n");
    assertThat(artifacts("list", "nothing")).isEqualTo(1);
    assertThat(err.toString()).contains("NOT_FOUND", "reason: ARTIFACT_NOT_FOUND");
  }

  @Test
  void file_isUploadedUnderItsName_shownAndRemoved() throws Exception {
    Path file = Files.writeString(folder.resolve("a.txt"), "größer\n");

    assertThat(artifacts("upload", file.toString(), "files/", "--json")).isZero();
    assertThat(out.toString()).contains("\"path\":\"files/a.txt\"", "\"size_bytes\":\"9\"");
    try (SlipwayProcess cat =
        SlipwayProcess.start("artifacts", "cat", "--server", server.address(), "files/a.txt")) {
      assertThat(cat.lines()).containsExactly("größer");
      assertThat(cat.waitFor()).as(cat.errors()).isZero();
    }
    assertThat(artifacts("download", "files/a.txt", folder.toString())).isEqualTo(1);
    assertThat(err.toString()).contains("FileAlreadyExists", "--force");
    Files.writeString(file, "other");
    assertThat(artifacts("download", "files/a.txt", folder.toString(), "--force")).isZero();
    assertThat(file).hasContent("größer\n");

    assertThat(artifacts("rm", "files")).isEqualTo(1);
    assertThat(err.toString()).contains("reason: PATH_IS_A_DIRECTORY");
    assertThat(artifacts("rm", "-r", "files")).isZero();
    assertThat(out.toString()).isEqualToIgnoringNewLines("removed 1 file, 9 bytes");
    assertThat(artifacts("rm", "files")).isEqualTo(1);
    assertThat(artifacts("rm", "-f", "files", "--json")).isZero();
    assertThat(out.toString()).isEqualToIgnoringNewLines("{}");
  }

  @Test
  void upload_unsafeNames_areAllToldAndNothingIsSent() throws Exception {
    Path tree = Files.createDirectories(folder.resolve("unsafe"));
    Files.createFile(tree.resolve("good"));
    Files.createFile(tree.resolve("a#b"));
    Files.createFile(tree.resolve("%2e%2e"));

    assertThat(artifacts("upload", tree.toString(), "unsafe")).isEqualTo(1);

    assertThat(err.toString()).contains("a#b: must not contain #", "%2e%2e: must not have");
    assertThat(artifacts("list", "unsafe")).as("nothing is there").isEqualTo(1);
    assertThat(artifacts("upload", tree.resolve("good").toString(), "../x")).isEqualTo(2);
    assertThat(artifacts("upload", folder.resolve("none").toString(), "x")).isEqualTo(2);
    assertThat(artifacts("download", "")).isEqualTo(2);
    assertThat(artifacts("upload", tree.toString(), "x", "--parallel=0")).isEqualTo(2);
    assertThat(artifacts()).isEqualTo(2);
    assertThat(err.toString()).contains("Usage: slipway artifacts");
  }

  @Test
  void url_ofAFolderStore_isRefused() throws Exception {
    Path file = Files.writeString(folder.resolve("a.txt"), "x");
    assertThat(artifacts("upload", file.toString(), "url/a.txt")).isZero();

    assertThat(artifacts("url", "url/a.txt", "--lifetime=5m")).isEqualTo(1);

    assertThat(err.toString())
        .startsWith("slipway: FAILED_PRECONDITION: ")
        .contains("reason: PRESIGNED_URLS_UNSUPPORTED");
  }

  @Test
  void commands_withoutAServer_sayHowToStartOne() throws Exception {
    Path file = Files.writeString(folder.resolve("a.txt"), "x");

    assertThat(artifacts("list", "--server=127.0.0.1:1")).isEqualTo(1);
    assertThat(err.toString()).contains("slipway: UNAVAILABLE: no server answers");
    assertThat(artifacts("download", "--server=127.0.0.1:1", "x", file + "x")).isEqualTo(1);
    assertThat(err.toString()).contains("slipway: UNAVAILABLE: no server answers");
  }
}
