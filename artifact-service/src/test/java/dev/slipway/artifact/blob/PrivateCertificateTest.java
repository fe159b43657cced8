package dev.slipway.artifact.blob;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.artifact.Bytes;
import dev.slipway.artifact.content.Content;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.gaul.s3proxy.junit.S3ProxyExtension;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Reaches a store over TLS whose certificate nobody but us trusts. */
class PrivateCertificateTest {
  @TempDir Path folder;

  @RegisterExtension private final S3ProxyExtension s3 = S3Server.make();

  private TlsFront front;

  @BeforeEach
  void start() throws Exception {
    front = new TlsFront(folder, s3.getUri().getPort());
  }

  @AfterEach
  void stop() throws IOException {
    front.close();
  }

  private MinioSettings settings(Optional<Path> trusted) {
    return new MinioSettings(
        front.endpoint(),
        Optional.empty(),
        trusted,
        "artifacts",
        s3.getAccessKey(),
        s3.getSecretKey(),
        MinioSettings.DEFAULT_REGION);
  }

  @Test
  void store_whoseCertificateIsTrusted_isUsed() throws Exception {
    byte[] bytes = Bytes.random(1, 100_000);
    Content content = Bytes.content(bytes);
    Path file = Files.write(folder.resolve("file"), bytes);

    try (MinioBlobStore store = new MinioBlobStore(settings(Optional.of(front.certificate())))) {
      store.put(content, file);

      assertThat(store.answers()).isTrue();
      assertThat(store.open(content, 0, bytes.length).readAllBytes()).isEqualTo(bytes);
    }
  }

  @Test
  void store_whoseCertificateIsNotTrusted_isNot() {
    assertThatThrownBy(() -> new MinioBlobStore(settings(Optional.empty())))
        .isInstanceOf(StoreUnavailableException.class)
        .hasStackTraceContaining("certification path");
  }
}
