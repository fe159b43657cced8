package dev.slipway.runtime.search.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.error.InvalidRequestException;
import dev.slipway.runtime.error.Violations;
import dev.slipway.runtime.paging.Page;
import dev.slipway.runtime.paging.PageRequest;
import dev.slipway.runtime.paging.PageToken;
import dev.slipway.runtime.search.Operator;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.mapper.RowMapper;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What keyset pages and clauses must do on every database; subclasses name the database. */
abstract class KeysetQueryContract {
  private static final RowMapper<Long> ID = (rs, context) -> rs.getLong("id");
  private static final Instant NOW = Instant.parse("2026-11-21T08:00:00.123456Z");
  private static final String LONG = "x".repeat(5_000);

  private Database database;

  abstract DatabaseConfig config();

  @BeforeEach
  void open() {
    database = Database.open(config(), "sample", "db/migration/sample", new MetricRegistry());
    database.write(
        handle ->
            handle.execute(
                "CREATE TABLE item (id BIGINT PRIMARY KEY, name VARCHAR, size DOUBLE PRECISION,"
                    + " at TIMESTAMP WITH TIME ZONE)"));
  }

  @AfterEach
  void close() {
    database.close();
  }

  private void insert(long id, String name, Double size) {
    database.write(
        handle ->
            handle.execute(
                "INSERT INTO item (id, name, size, at) VALUES (?, ?, ?, ?)",
                id,
                name,
                size,
                NOW.plusSeconds(id / 2)));
  }

  private List<Long> matching(SqlText condition) {
    SqlText fromWhere = new SqlText().sql("FROM item i WHERE ").append(condition);
    KeysetQuery query = new KeysetQuery("i.id", fromWhere, List.of(byId()));
    return all(query, 100);
  }

  private static SortKey byId() {
    return SortKey.integer(new SqlText().sql("i.id"), false);
  }

  private List<SortKey> keys(boolean descending) {
    return List.of(
        SortKey.missingLast("i.size"),
        SortKey.number(new SqlText().sql("COALESCE(i.size, 0)"), descending),
        SortKey.longText(database.dialect(), new SqlText().sql("i.name"), descending),
        SortKey.time(new SqlText().sql("i.at"), !descending),
        byId());
  }

  private static PageRequest request(int size, String token) {
    return PageRequest.of(size, token, 10, 100, "q", new Violations());
  }

  private List<Long> all(KeysetQuery query, int size) {
    return database.read(handle -> all(handle, query, size));
  }

  private List<KeysetQuery.Row<Long>> read(KeysetQuery query, List<String> keys) {
    PageRequest page = request(1, PageToken.encode("q", keys));
    return database.read(handle -> query.read(handle, ID, page));
  }

  private static List<Long> all(Handle handle, KeysetQuery query, int size) {
    List<Long> ids = new ArrayList<>();
    String token = "";
    do {
      Page<KeysetQuery.Row<Long>> page =
          query.page(handle, ID, request(size, token), values -> values);
      page.items().forEach(row -> ids.add(row.value()));
      token = page.nextPageToken();
    } while (!token.isEmpty());
    return ids;
  }

  @Test
  void page_ofAnySize_coversAllOnceInOrder() {
    String[] names = {LONG + "b", LONG + "a", "", "B", "a", "é", "😀".repeat(300), "a"};
    for (int i = 0; i < 40; i++) {
      insert(i, names[i % names.length], i % 5 == 0 ? null : (double) (i % 3) - 0.5);
    }

    for (boolean descending : new boolean[] {false, true}) {
      KeysetQuery query =
          new KeysetQuery("i.id", new SqlText().sql("FROM item i WHERE TRUE"), keys(descending));
      List<Long> whole = all(query, 100);

      assertThat(whole).hasSize(40).doesNotHaveDuplicates();
      assertThat(whole.subList(32, 40)).allMatch(id -> id % 5 == 0);
      for (int size : new int[] {1, 3, 39, 40}) {
        assertThat(all(query, size)).isEqualTo(whole);
      }
    }
  }

  @Test
  void page_textSortsByCodePoint() {
    insert(1, "b", 0.0);
    insert(2, "B", 0.0);
    insert(3, "a", 0.0);
    KeysetQuery query =
        new KeysetQuery(
            "i.id",
            new SqlText().sql("FROM item i WHERE TRUE"),
            List.of(SortKey.text(database.dialect(), new SqlText().sql("i.name"), false)));

    assertThat(all(query, 1)).containsExactly(2L, 3L, 1L);
  }

  @Test
  void page_forgedKeys_areAViolationOfThePageToken() {
    KeysetQuery query =
        new KeysetQuery("i.id", new SqlText().sql("FROM item i WHERE TRUE"), keys(false));
    List<String> right = List.of("0", "1.5", "a", NOW.toString(), "3");
    assertThat(read(query, right)).isEmpty();

    List<List<String>> forged = new ArrayList<>();
    forged.add(List.of());
    forged.add(right.subList(0, 4));
    List<String> surplus = new ArrayList<>(right);
    surplus.add("4");
    forged.add(surplus);
    String[][] wrong = {
      {"0", "9223372036854775808", "x"},
      {"1", "1,5"},
      {"3", "now", "+1000000000-12-31T23:59:59Z", "-0001-01-01T00:00:00Z"},
      {"4", "", "3.0"}
    };
    for (String[] key : wrong) {
      for (int i = 1; i < key.length; i++) {
        List<String> keys = new ArrayList<>(right);
        keys.set(Integer.parseInt(key[0]), key[i]);
        forged.add(keys);
      }
    }
    for (List<String> keys : forged) {
      assertThatThrownBy(() -> read(query, keys))
          .as("%s", keys)
          .isInstanceOfSatisfying(
              InvalidRequestException.class,
              e -> assertThat(e.violations()).extracting("field").containsExactly("page_token"));
    }
  }

  @Test
  void clauses_patternsWithAndWithoutWildcards_match() {
    insert(1, "Beta", 1.0);
    insert(2, "beta", 2.0);
    insert(3, "50%\\", Double.NaN);

    assertThat(matching(text(Operator.ILIKE, "BETA"))).containsExactly(1L, 2L);
    assertThat(matching(text(Operator.ILIKE, "b_T%"))).containsExactly(1L, 2L);
    assertThat(matching(text(Operator.LIKE, "beta"))).containsExactly(2L);
    assertThat(matching(text(Operator.LIKE, "%\\"))).containsExactly(3L);
    assertThat(matching(text(Operator.NOT_EQUAL, "beta"))).containsExactly(1L, 3L);
    SqlText list = new SqlText();
    FilterSql.inList(list, "i.name", true, List.of("Beta", "x"));
    assertThat(matching(list)).containsExactly(2L, 3L);
  }

  private static SqlText text(Operator operator, String text) {
    SqlText out = new SqlText();
    FilterSql.compareText(out, "i.name", operator, text);
    return out;
  }

  @Test
  void keyedRows_matchOnlyWhatHasTheKey_andNanOnlyUnequal() {
    insert(1, "a", 1.0);
    insert(2, "a", Double.NaN);
    insert(3, "b", 3.0);
    KeyedRows sizes = new KeyedRows("item", "x.id = i.id AND x.name = ?", "x.size");

    assertThat(matching(size(sizes, Operator.GREATER, 0.5))).containsExactly(1L);
    assertThat(matching(size(sizes, Operator.NOT_EQUAL, 0.5))).containsExactly(1L, 2L);
    assertThat(matching(size(sizes, Operator.LESS_OR_EQUAL, 5))).containsExactly(1L);
    SqlText lacking = new SqlText();
    sizes.presence(lacking, "a", true);
    assertThat(matching(lacking)).containsExactly(3L);
  }

  private static SqlText size(KeyedRows rows, Operator operator, double number) {
    SqlText out = new SqlText();
    rows.compareNumber(out, "a", operator, number);
    return out;
  }
}
