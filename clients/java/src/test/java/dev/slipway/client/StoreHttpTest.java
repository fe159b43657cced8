package dev.slipway.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Tests parts and ranges against a store that says one thing, and then nothing more. */
@Timeout(60)
class StoreHttpTest {
  private static final String PARTIAL =
      "HTTP/1.1 206 Partial Content\r\nContent-Length: 10\r\n\r\n";

  @TempDir Path folder;

  private final PartsProgress.Part part =
      new PartsProgress(
              new TransferMeter(TransferListener.NONE, 1, 10).file("a"),
              new Retries(TransferOptions.DEFAULT, null))
          .part();
  private final Queue<Socket> connections = new ConcurrentLinkedQueue<>();
  private final CountDownLatch answered = new CountDownLatch(1);
  private ServerSocket store;
  private FileChannel file;

  @BeforeEach
  void open() throws IOException {
    store = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    file =
        FileChannel.open(folder.resolve("a"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
  }

  @AfterEach
  void close() throws IOException {
    store.close();
    file.close();
    for (Socket connection : connections) {
      connection.close();
    }
  }

  /** Answers each request, whatever it is, and keeps the connection. */
  private String storeThatSays(String answer) {
    Thread thread =
        new Thread(
            () -> {
              try {
                while (true) {
                  Socket connection = store.accept();
                  connections.add(connection);
                  InputStream unread = connection.getInputStream();
                  if (unread.read() >= 0) {
                    connection.getOutputStream().write(answer.getBytes(UTF_8));
                    answered.countDown();
                  }
                }
              } catch (IOException e) {
                // The store was closed.
              }
            });
    thread.setDaemon(true);
    thread.start();
    return "http://127.0.0.1:" + store.getLocalPort() + "/a";
  }

  private void get(String url, Duration silence) throws IOException, InterruptedException {
    StoreHttp.get(url, Map.of(), file, 3, 10, part, silence);
  }

  @Test
  void get_rangeThatComes_isWrittenToItsPlace() throws Exception {
    get(storeThatSays(PARTIAL + "0123456789"), Duration.ofSeconds(30));

    assertThat(folder.resolve("a")).hasBinaryContent("\0\0\0000123456789".getBytes(UTF_8));
  }

  @Test
  void get_storeFallsSilentInTheMiddle_isGivenUp() {
    String url = storeThatSays(PARTIAL + "0123");

    assertThatThrownBy(() -> get(url, Duration.ofSeconds(2)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("the store sent nothing");
  }

  @Test
  void await_storeThatTakesTheRequestAndSaysNothing_isGivenUpWithTheSameWords() {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(storeThatSays("")))
            .timeout(Duration.ofSeconds(1))
            .build();

    assertThatThrownBy(
            () ->
                new StoreAnswer(status -> bytes -> {})
                    .await(HttpClient.newHttpClient(), request, Duration.ofDays(1)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("the store sent nothing");
  }

  @Test
  void get_interruptedWhileTheStoreIsSilent_ends() throws Exception {
    String url = storeThatSays(PARTIAL + "0123");
    FutureTask<Void> task =
        new FutureTask<>(
            () -> {
              get(url, Duration.ofDays(1));
              return null;
            });
    Thread thread = new Thread(task);
    thread.start();
    answered.await();

    thread.interrupt();

    assertThatThrownBy(task::get)
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(InterruptedException.class);
  }

  @Test
  void get_moreThanWasAskedFor_isRefused() {
    String url = storeThatSays(PARTIAL.replace("10", "11") + "0123456789A");

    assertThatThrownBy(() -> get(url, Duration.ofSeconds(30)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("more than was asked for");
  }

  @Test
  void getAndPut_diskFails_isNoFailureOfTheStore() throws Exception {
    String url = storeThatSays(PARTIAL + "0123456789");
    file.close();
    TransferSource gone = new TransferSource.OfFile(folder.resolve("gone"), 10);

    assertThatThrownBy(() -> get(url, Duration.ofSeconds(30)))
        .isInstanceOf(LocalFileException.class);
    assertThatThrownBy(() -> StoreHttp.put(url, Map.of(), gone, 0, 10, part))
        .isInstanceOf(LocalFileException.class)
        .hasMessageContaining("gone");
  }

  @Test
  void get_refusal_tellsCodeAndMessageAlone() {
    String body =
        "<Error><Code>AccessDenied</Code><Message>Request has\n expired</Message>"
            + "<AWSAccessKeyId>AKIA</AWSAccessKeyId></Error>";
    String url =
        storeThatSays(
            "HTTP/1.1 403 Forbidden\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);

    assertThatThrownBy(() -> get(url, Duration.ofSeconds(30)))
        .isInstanceOf(StoreHttp.RefusedException.class)
        .hasMessage("the store answered 403: AccessDenied: Request has expired");
  }
}
