package dev.slipway.gateway.artifacts;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.gateway.GatewayExtension;
import dev.slipway.gateway.GatewayExtension.Reply;
import dev.slipway.gateway.http.HttpEdge;
import dev.slipway.tracking.v1.CreateLoggedModelRequest;
import dev.slipway.tracking.v1.LoggedModelInfo;
import dev.slipway.tracking.v1.TrackingServiceGrpc;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files over HTTP, as MLflow's clients move them. */
@Timeout(300)
final class ArtifactsGroupTest {
  private static final String PROXY = "/api/2.0/mlflow-artifacts/artifacts";
  private static final String PAGES = "/ajax-api/2.0/mlflow/";

  @RegisterExtension private static final GatewayExtension GATEWAY = new GatewayExtension();

  private String folder;

  @BeforeEach
  void chooseFolder() {
    folder = "files-" + UUID.randomUUID();
  }

  private static HttpRequest.Builder at(String path) {
    return HttpRequest.newBuilder(GATEWAY.uri(path));
  }

  private static Reply get(String path) {
    return GATEWAY.send(at(path));
  }

  private static Reply put(String path, byte[] content) {
    return GATEWAY.send(at(PROXY + path).PUT(BodyPublishers.ofByteArray(content)));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String header(Reply reply, String name) {
    return reply.response().headers().firstValue(name).orElse("");
  }

  private static void assertRefused(Reply reply, int status, String error, String message) {
    assertThat(reply.status()).as(reply.text()).isEqualTo(status);
    assertThat(reply.error()).isEqualTo(error);
    assertThat(reply.message()).contains(message);
  }

  private static void assertInvalidPath(Reply reply) {
    assertRefused(reply, 400, "INVALID_PARAMETER_VALUE", "Invalid path");
    assertThat(reply.message()).isEqualTo("Invalid path");
  }

  /** Lists as {@code path} for directories and {@code path:size} for files. */
  private static List<String> files(Reply reply) {
    assertThat(reply.status()).as(reply.text()).isEqualTo(200);
    List<String> files = new ArrayList<>();
    reply
        .body()
        .path("files")
        .forEach(
            file ->
                files.add(
                    file.get("path").textValue()
                        + (file.get("is_dir").booleanValue()
                            ? ""
                            : ":" + file.get("file_size").longValue())));
    return files;
  }

  private static String artifactUri(String run) {
    return GATEWAY.get("runs/get?run_id=" + run).body().at("/run/info/artifact_uri").textValue();
  }

  private static String pathOf(String uri) {
    return uri.substring("mlflow-artifacts:/".length());
  }

  private static String newRun() {
    return GATEWAY.run(GATEWAY.experiment());
  }

  @Test
  void file_isPutListedGottenReplacedAndDeleted() {
    byte[] large = new byte[1_500_000];
    new Random(7).nextBytes(large);

    Reply stored = put("/" + folder + "/model/weights.bin", large);

    assertThat(stored.status()).isEqualTo(200);
    assertThat(stored.text()).isEqualTo("{}");
    assertThat(put("/" + folder + "/MLmodel", bytes("flavors: {}")).status()).isEqualTo(200);
    assertThat(files(get(PROXY + "?path=" + folder)))
        .as("names alone, not paths")
        .containsExactly("MLmodel:11", "model");
    assertThat(files(get(PROXY + "?path=" + folder + "/model/")))
        .containsExactly("weights.bin:1500000");
    Reply read = get("/ajax-api/2.0/mlflow-artifacts/artifacts/" + folder + "/model/weights.bin");
    assertThat(read.bytes()).isEqualTo(large);
    assertThat(put("/" + folder + "/model/weights.bin", bytes("new")).status()).isEqualTo(200);
    assertThat(get(PROXY + "/" + folder + "/model/weights.bin").text()).isEqualTo("new");

    Reply deleted = GATEWAY.send(at(PROXY + "/" + folder).DELETE());

    assertThat(deleted.text()).isEqualTo("{}");
    assertThat(GATEWAY.send(at(PROXY + "/" + folder).DELETE()).status()).isEqualTo(200);
    assertThat(get(PROXY + "?path=" + folder).text()).isEqualTo("{}");
  }

  @Test
  void listing_ofAFileOrOfNothing_hasNoEntries() {
    put("/" + folder + "/a.txt", bytes("a"));

    assertThat(get(PROXY + "?path=" + folder + "/a.txt").text()).isEqualTo("{}");
    assertThat(get(PROXY + "?path=" + folder + "/b").text()).isEqualTo("{}");
    assertThat(files(get(PROXY))).contains(folder);
  }

  @Test
  void download_saysWhatItIsByItsName() {
    put("/" + folder + "/metrics.json", bytes("{}"));
    put("/" + folder + "/MLmodel", bytes("x: 1"));
    put("/" + folder + "/page.html", bytes("<p>"));
    put("/" + folder + "/blob.qqq", bytes("?"));

    Reply json =
        GATEWAY.send(at(PROXY + "/" + folder + "/metrics.json").header("Accept-Encoding", "gzip"));

    assertThat(header(json, "Content-Type")).startsWith("text/plain");
    assertThat(header(json, "Content-Disposition"))
        .isEqualTo("attachment; filename=\"metrics.json\"");
    assertThat(header(json, "X-Content-Type-Options")).isEqualTo("nosniff");
    assertThat(header(json, "Content-Length")).isEqualTo("2");
    assertThat(header(json, "Content-Encoding")).isEmpty();
    assertThat(header(get(PROXY + "/" + folder + "/MLmodel"), "Content-Type"))
        .startsWith("text/plain");
    assertThat(header(get(PROXY + "/" + folder + "/page.html"), "Content-Type"))
        .startsWith("text/html");
    assertThat(header(get(PROXY + "/" + folder + "/blob.qqq"), "Content-Type"))
        .isEqualTo("application/octet-stream");
  }

  @Test
  void emptyFile_ofUnknownLength_isStored() {
    Reply stored =
        GATEWAY.send(
            at(PROXY + "/" + folder + "/empty")
                .PUT(BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(new byte[0]))));

    assertThat(stored.status()).as(stored.text()).isEqualTo(200);
    assertThat(files(get(PROXY + "?path=" + folder))).containsExactly("empty:0");
    assertThat(get(PROXY + "/" + folder + "/empty").bytes()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"a+b c.txt", "größe/日本.txt", "100%.txt", "key+step+0+timestamp+1.png", "q?a=b&c"})
  void names_areKeptAsTheyAre(String name) throws Exception {
    String encoded =
        new URI(null, null, "/" + name, null).getRawPath().replace("?", "%3F").replace("&", "%26");
    assertThat(put("/" + folder + encoded, bytes(name)).status()).isEqualTo(200);

    Reply read = get(PROXY + "/" + folder + encoded);

    assertThat(read.text()).isEqualTo(name);
    String directory = name.contains("/") ? "/gr%C3%B6%C3%9Fe" : "";
    String last = name.substring(name.lastIndexOf('/') + 1);
    assertThat(files(get(PROXY + "?path=" + folder + directory)))
        .containsExactly(last + ":" + bytes(name).length);
    if (last.equals("日本.txt")) {
      assertThat(header(read, "Content-Disposition"))
          .isEqualTo("attachment; filename=\"__.txt\"; filename*=UTF-8''%E6%97%A5%E6%9C%AC.txt");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/../x",
        "/a/%2e%2e/x",
        "/a/%252e%252e/x",
        "/a//x",
        "/a/./x",
        "/a%5Cx",
        "/C:%5Cx",
        "/C:/x",
        "/a%23x",
        "/%00",
        "/a%zz",
        "/%2Fetc%2Fpasswd",
        "/file:/etc/passwd"
      })
  void pathsThatLeadElsewhere_areInvalid(String path) throws IOException {
    for (String request :
        List.of("GET " + PROXY + path, "PUT " + PROXY + path, "DELETE " + PROXY + path)) {
      String answer = raw(request + " HTTP/1.1", "Content-Length: 0", "Connection: close");
      assertThat(answer).as(request).startsWith("HTTP/1.1 400 ");
    }
  }

  @Test
  void queriesThatLeadElsewhere_areInvalid() {
    String run = newRun();

    assertInvalidPath(get(PROXY + "?path=.."));
    assertInvalidPath(get(PROXY + "?path=%2Fetc"));
    assertInvalidPath(GATEWAY.get("artifacts/list?run_id=" + run + "&path=../.."));
    assertInvalidPath(get("/get-artifact?run_id=" + run + "&path=a%252f..%252f..%252fb"));
    assertInvalidPath(
        GATEWAY.send(
            at(PAGES + "upload-artifact?run_uuid=" + run + "&path=../x")
                .POST(BodyPublishers.ofString("x"))));
  }

  /** Sends lines as they are, which clients would put right, and returns the answer. */
  private static String raw(String... lines) throws IOException {
    URI uri = GATEWAY.uri("/");
    try (Socket socket = new Socket(uri.getHost(), uri.getPort())) {
      OutputStream out = socket.getOutputStream();
      out.write(bytes(String.join("\r\n", lines) + "\r\nHost: localhost\r\n\r\n"));
      out.flush();
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void filesAndDirectories_areToldApart() {
    put("/" + folder + "/a/b.txt", bytes("b"));

    assertRefused(get(PROXY + "/" + folder + "/c"), 404, "RESOURCE_DOES_NOT_EXIST", folder + "/c");
    assertThat(get(PROXY + "/" + folder + "/a").status()).isEqualTo(400);
    assertThat(put("/" + folder + "/a", bytes("x")).status()).isEqualTo(400);
    assertThat(put("/" + folder + "/a/b.txt/c", bytes("x")).status()).isEqualTo(400);
  }

  @Test
  void range_isCutOut() {
    put("/" + folder + "/digits", bytes("0123456789"));
    String path = PROXY + "/" + folder + "/digits";

    Reply middle = GATEWAY.send(at(path).header("Range", "bytes=2-4"));
    Reply rest = GATEWAY.send(at(path).header("Range", "bytes=7-"));

    assertThat(middle.status()).isEqualTo(206);
    assertThat(middle.text()).isEqualTo("234");
    assertThat(header(middle, "Content-Range")).isEqualTo("bytes 2-4/10");
    assertThat(rest.text()).isEqualTo("789");
    assertThat(header(rest, "Content-Range")).isEqualTo("bytes 7-9/10");
    for (String behind : List.of("bytes=10-", "bytes=11-12")) {
      assertThat(GATEWAY.send(at(path).header("Range", behind)).status()).isEqualTo(416);
    }
    for (String unknown : List.of("bytes=-3", "bytes=1-2,4-5", "lines=1-2", "bytes=4-2")) {
      Reply whole = GATEWAY.send(at(path).header("Range", unknown));
      assertThat(whole.status()).isEqualTo(200);
      assertThat(whole.text()).isEqualTo("0123456789");
    }
  }

  @Test
  void filesOfARun_areListedFromItsRootAndHandedOut() {
    String run = newRun();
    String uri = artifactUri(run);
    GATEWAY.store(pathOf(uri) + "/plots/a.png", bytes("png"));
    GATEWAY.store(pathOf(uri) + "/note.md", bytes("# hi"));

    Reply root = GATEWAY.get("artifacts/list?run_id=" + run);

    assertThat(root.body().get("root_uri").textValue()).isEqualTo(uri);
    assertThat(files(root)).containsExactly("note.md:4", "plots");
    assertThat(files(get(PAGES + "artifacts/list?run_uuid=" + run + "&path=plots")))
        .containsExactly("plots/a.png:3");
    assertThat(GATEWAY.get("artifacts/list?run_id=" + run + "&path=note.md").body().has("files"))
        .isFalse();
    Reply file = get("/get-artifact?run_uuid=" + run + "&path=plots/a.png");
    assertThat(file.text()).isEqualTo("png");
    assertThat(header(file, "Content-Type")).isEqualTo("image/png");
    assertRefused(
        get("/get-artifact?run_id=" + run), 400, "INVALID_PARAMETER_VALUE", "parameter 'path'");
    assertRefused(
        GATEWAY.get("artifacts/list"), 400, "INVALID_PARAMETER_VALUE", "parameter 'run_id'");
    assertRefused(
        GATEWAY.get("artifacts/list?run_id=nobody"),
        404,
        "RESOURCE_DOES_NOT_EXIST",
        "Run with id=nobody not found");
  }

  @Test
  void runWhoseFilesLieElsewhere_isRefused() {
    String experiment =
        GATEWAY
            .post(
                "experiments/create",
                "{\"name\": \"%s\", \"artifact_location\": \"s3://bucket/x\"}".formatted(folder))
            .body()
            .get("experiment_id")
            .textValue();

    assertRefused(
        GATEWAY.get("artifacts/list?run_id=" + GATEWAY.run(experiment)),
        400,
        "INVALID_PARAMETER_VALUE",
        "kept elsewhere");
  }

  @Test
  void pageUpload_isBounded() {
    String run = newRun();
    String path = PAGES + "upload-artifact?run_uuid=" + run + "&path=notes/a.txt";

    Reply stored = GATEWAY.send(at(path).POST(BodyPublishers.ofString("hello")));

    assertThat(stored.status()).isEqualTo(200);
    assertThat(stored.bytes()).isEmpty();
    assertThat(get("/get-artifact?run_id=" + run + "&path=notes/a.txt").text()).isEqualTo("hello");
    assertRefused(
        GATEWAY.send(at(path).POST(BodyPublishers.noBody())),
        400,
        "INVALID_PARAMETER_VALUE",
        "must specify data");
    byte[] tooLarge = new byte[(10 << 20) + 1];
    assertRefused(
        GATEWAY.send(
            at(path).POST(BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(tooLarge)))),
        400,
        "INVALID_PARAMETER_VALUE",
        "Max size is 10MB");
    assertThat(get("/get-artifact?run_id=" + run + "&path=notes/a.txt").text()).isEqualTo("hello");
    assertThat(GATEWAY.send(at("/api/2.0/mlflow/upload-artifact").POST(BodyPublishers.noBody())))
        .as("for web pages only")
        .extracting(Reply::status)
        .isEqualTo(404);
  }

  @Test
  void filesOfAVersion_areThoseThatWereRegistered() {
    GATEWAY.storeModel(folder);
    GATEWAY.post("registered-models/create", "{\"name\": \"%s\"}".formatted(folder));
    Reply version =
        GATEWAY.post(
            "model-versions/create",
            "{\"name\": \"%1$s\", \"source\": \"mlflow-artifacts:/%1$s\"}".formatted(folder));
    assertThat(version.status()).as(version.text()).isEqualTo(200);
    byte[] registered = get(PROXY + "/" + folder + "/MLmodel").bytes();
    put("/" + folder + "/MLmodel", bytes("changed"));
    String files = "/model-versions/get-artifact?name=" + folder + "&version=";

    Reply file = get(files + "1&path=MLmodel");

    assertThat(file.bytes()).isEqualTo(registered);
    assertThat(header(file, "Content-Disposition")).isEqualTo("attachment; filename=\"MLmodel\"");
    assertRefused(get(files + "1&path=none"), 404, "RESOURCE_DOES_NOT_EXIST", "none");
    assertInvalidPath(get(files + "1&path=../x"));
    assertRefused(get(files + "2&path=MLmodel"), 404, "RESOURCE_DOES_NOT_EXIST", "version=2");
    assertRefused(
        get(files + "one&path=MLmodel"), 400, "INVALID_PARAMETER_VALUE", "must be an integer");
  }

  @Test
  void filesOfALoggedModel_areListedAndHandedOut() {
    LoggedModelInfo model =
        TrackingServiceGrpc.newBlockingStub(GATEWAY.peers())
            .createLoggedModel(
                CreateLoggedModelRequest.newBuilder().setExperimentId(GATEWAY.experiment()).build())
            .getInfo();
    GATEWAY.store(pathOf(model.getArtifactUri()) + "/data/model.pkl", bytes("pickle"));
    String path = "/api/2.0/mlflow/logged-models/" + model.getModelId() + "/artifacts/";

    Reply root = get(path + "directories");

    assertThat(root.body().get("root_uri").textValue()).isEqualTo(model.getArtifactUri());
    assertThat(files(root)).containsExactly("data");
    assertThat(files(get(path + "directories?artifact_directory_path=data")))
        .containsExactly("data/model.pkl:6");
    assertThat(
            get(path.replace("/api/", "/ajax-api/") + "files?artifact_file_path=data/model.pkl")
                .text())
        .isEqualTo("pickle");
    assertThat(get(path.replace(model.getModelId(), "m-" + "0".repeat(32)) + "directories"))
        .extracting(Reply::status)
        .isEqualTo(404);
  }

  @Test
  void uploadThatBreaksOff_leavesNothing() throws Exception {
    URI uri = GATEWAY.uri("/");
    try (Socket socket = new Socket(uri.getHost(), uri.getPort())) {
      OutputStream out = socket.getOutputStream();
      out.write(
          bytes(
              "PUT %s/%s/half HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"
                  .formatted(PROXY, folder)));
      out.write(new byte[400_000]);
      out.flush();
      awaitActive(1);
    }
    awaitActive(0);

    assertThat(get(PROXY + "/" + folder + "/half").status()).isEqualTo(404);
    assertThat(put("/" + folder + "/half", bytes("whole")).status()).isEqualTo(200);
    assertThat(get(PROXY + "/" + folder + "/half").text()).isEqualTo("whole");
  }

  private static void awaitActive(long requests) throws InterruptedException {
    while (GATEWAY.metrics().counter(HttpEdge.ACTIVE).getCount() != requests) {
      Thread.sleep(5);
    }
  }
}
