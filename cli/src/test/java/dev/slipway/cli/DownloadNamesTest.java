package dev.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.slipway.artifact.v1.Artifact;
import dev.slipway.artifact.v1.ArtifactServiceGrpc.ArtifactServiceImplBase;
import dev.slipway.artifact.v1.DownloadChunk;
import dev.slipway.artifact.v1.DownloadHeader;
import dev.slipway.artifact.v1.DownloadRequest;
import dev.slipway.artifact.v1.DownloadResponse;
import dev.slipway.artifact.v1.Entry;
import dev.slipway.artifact.v1.StatRequest;
import dev.slipway.runtime.config.Commands;
import dev.slipway.runtime.testing.GrpcServerExtension;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Tests under which name a download lies where the service says another one. */
class DownloadNamesTest {
  // printf hello | sha256sum
  private static final Artifact HELLO =
      Artifact.newBuilder()
          .setPath("models/a")
          .setSizeBytes(5)
          .setSha256("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")
          .build();
  // printf hello, CRC-32C
  private static final int HELLO_CRC32C = 0x9a71bb4c;

  @TempDir private Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @RegisterExtension
  private final GrpcServerExtension server = GrpcServerExtension.netty(1 << 20, new Liar());

  /** Gives a file, and calls it something that lies elsewhere. */
  private static final class Liar extends ArtifactServiceImplBase {
    @Override
    public void stat(StatRequest request, StreamObserver<Entry> response) {
      response.onNext(Entry.newBuilder().setName("../escaped").setArtifact(HELLO).build());
      response.onCompleted();
    }

    @Override
    public void download(DownloadRequest request, StreamObserver<DownloadResponse> response) {
      ByteString bytes = ByteString.copyFrom("hello", StandardCharsets.UTF_8);
      response.onNext(
          DownloadResponse.newBuilder()
              .setHeader(DownloadHeader.newBuilder().setArtifact(HELLO))
              .build());
      response.onNext(
          DownloadResponse.newBuilder()
              .setChunk(DownloadChunk.newBuilder().setData(bytes).setCrc32C(HELLO_CRC32C))
              .build());
      response.onCompleted();
    }
  }

  private int download(String path) throws IOException {
    Path inside = Files.createDirectories(folder.resolve("inside"));
    CommandLine line =
        Commands.of(
            Slipway.command(), Map.of("SLIPWAY_SERVER", "127.0.0.1:" + server.server().port()));
    return line.setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute("artifacts", "download", "-q", path, inside.toString());
  }

  @Test
  void download_liesUnderTheNameThatWasAskedFor() throws Exception {
    assertThat(download("models/a")).as(err.toString()).isZero();
    assertThat(folder.resolve("inside/a")).hasContent("hello");
    assertThat(folder.resolve("escaped")).doesNotExist();

    assertThat(download("models/b/")).as(err.toString()).isZero();
    assertThat(folder.resolve("inside/b")).hasContent("hello");
  }

  @Test
  void download_ofAPathThatLeadsOut_isRefused() throws Exception {
    for (String path : new String[] {"models/..", "../x", "/x", "a//b"}) {
      assertThat(download(path)).as(path).isEqualTo(2);
    }
    assertThat(err.toString()).contains("models/..: must not have segments . or ..");
    assertThat(folder.resolve("inside")).isEmptyDirectory();
  }
}
