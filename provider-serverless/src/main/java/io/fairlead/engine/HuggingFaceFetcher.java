package io.fairlead.engine;

import io.fairlead.engine.internal.fetch.Hub;
import io.fairlead.engine.internal.fetch.TarStream;
import io.fairlead.engine.internal.fetch.Web;
import io.fairlead.grammar.Problems;
import io.fairlead.provider.Loopback;
import io.fairlead.provider.TimeSource;
import io.fairlead.spi.Hidden;
import io.fairlead.spi.Settings;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Consumer;
import org.slf4j.LoggerFactory;

/**
 * A fetcher of models of the Hugging Face hub, to be configured for {@code hf}.
 *
 * <pre>{@code
 * ServerlessConfig config = ServerlessConfig.DEFAULT.withFetcher("hf", new HuggingFaceFetcher());
 * ModelArtifact minilm = ModelArtifact.huggingFace("sentence-transformers/all-MiniLM-L6-v2");
 * }</pre>
 *
 * <p>A location is {@code hf://ORG/NAME}, {@code hf://ORG/NAME@REVISION} or {@code hf://ORG/NAME@REVISION/FILE}. Without
 * a file it is {@code onnx/model.onnx}, {@code model.onnx} or the only ONNX model. Its external data, its tokenizer and
 * the files that say what becomes of a text are fetched with it, and nothing else. Sizes and hashes are those of the
 * hub's list, or the fetch fails; a broken connection is resumed.
 *
 * <p>A revision that is a branch or a tag is resolved to its commit once, and pinned: all later loads by this fetcher, and
 * copies of it, are of that commit, whatever is pushed meanwhile. Only a commit as revision, 40 hexadecimal digits, is the
 * same model in each process; it is also loaded without asking the hub if it is in the cache.
 *
 * <p>Nothing secret is sent unless a token is given, and that only to the endpoint itself, not to where it redirects.
 */
public final class HuggingFaceFetcher extends Settings<HuggingFaceFetcher.Draft>
    implements ModelFetcher {
  private static final String TOKEN = "HF_TOKEN";
  /** The version of what is made of a revision, in etags. */
  private static final String FORM = " 1";

  static final class Draft extends Settings.Draft {
    URI endpoint = URI.create("https://huggingface.co");
    String revision = "main";

    @Hidden
    String token = "";

    Duration timeout = Duration.ofSeconds(30);
    Duration maxWait = Duration.ofMinutes(1);
    long maxBytes = 16L << 30;
    boolean stale = false;

    @Hidden
    TimeSource time = TimeSource.system();

    @Hidden
    Pinned pinned = new Pinned();
  }

  /** The commits that branches and tags were resolved to, which all copies of a fetcher share. */
  private static final class Pinned {
    final ConcurrentMap<String, String> commits = new ConcurrentHashMap<>();
  }

  /** Creates a fetcher from huggingface.co of the branch main, without a token, with a timeout of 30 seconds. */
  public HuggingFaceFetcher() {
    this(new Draft());
  }

  HuggingFaceFetcher(TimeSource time) {
    this(at(time));
  }

  private static Draft at(TimeSource time) {
    Draft draft = new Draft();
    draft.time = time;
    return draft;
  }

  private HuggingFaceFetcher(Draft draft) {
    super(draft);
    String scheme = draft.endpoint.getScheme();
    boolean isHttps = "https".equalsIgnoreCase(scheme);
    Problems.in("HuggingFaceFetcher")
        .check(
            draft.endpoint.getHost() != null && (isHttps || "http".equalsIgnoreCase(scheme)),
            "endpoint",
            "must be the URL of a hub, such as https://huggingface.co",
            draft.endpoint)
        .check(
            draft.token.isEmpty() || isHttps || Loopback.isHostOf(draft.endpoint),
            "token",
            "must not be sent in plaintext: use an endpoint at https")
        .check(
            draft.token.chars().allMatch(c -> c > ' ' && c < 0x7f),
            "token",
            "must be visible ASCII characters without a space")
        .check(!draft.revision.isBlank(), "revision", "must be a branch, a tag or a commit")
        .check(
            draft.timeout.compareTo(Duration.ofMillis(1)) >= 0
                && draft.timeout.compareTo(Duration.ofDays(1)) <= 0,
            "timeout",
            "must be between 1 ms and 1 day",
            draft.timeout)
        .check(!draft.maxWait.isNegative(), "maxWait", "must not be negative", draft.maxWait)
        .check(draft.maxBytes > 0, "maxBytes", "must be 1 or more", draft.maxBytes)
        .throwIfAny();
  }

  private HuggingFaceFetcher changed(Consumer<Draft> change) {
    return new HuggingFaceFetcher(with(change));
  }

  /** {@return this fetcher with another hub, such as a mirror; a new one has nothing pinned} */
  public HuggingFaceFetcher withEndpoint(URI newEndpoint) {
    return changed(draft -> {
      draft.endpoint = newEndpoint;
      draft.pinned = new Pinned();
    });
  }

  /** {@return this fetcher with another revision for locations without one: a branch, a tag or a commit} */
  public HuggingFaceFetcher withRevision(String newRevision) {
    return changed(draft -> draft.revision = newRevision);
  }

  /** {@return this fetcher with a token, for private and gated models} */
  public HuggingFaceFetcher withToken(String newToken) {
    return changed(draft -> draft.token = newToken);
  }

  /**
   * {@return this fetcher with the token in the variable {@code HF_TOKEN} of this process}
   *
   * @throws io.fairlead.grammar.InvalidValueException if it is not set
   */
  public HuggingFaceFetcher withEnvironmentToken() {
    String set = System.getenv().getOrDefault(TOKEN, "").strip();
    Problems.in("HuggingFaceFetcher")
        .check(!set.isEmpty(), "token", "must be in the variable " + TOKEN + ", which is not set")
        .throwIfAny();
    return withToken(set);
  }

  /** {@return this fetcher with another timeout for a connection, a response, and each further read of it} */
  public HuggingFaceFetcher withTimeout(Duration newTimeout) {
    return changed(draft -> draft.timeout = newTimeout);
  }

  /**
   * {@return this fetcher with another limit of the time that one fetch waits because the hub limits its rate, or fails
   * for the moment; by default a minute}
   */
  public HuggingFaceFetcher withMaxWait(Duration newMaxWait) {
    return changed(draft -> draft.maxWait = newMaxWait);
  }

  /** {@return this fetcher with another maximum size of a model, all its files together} */
  public HuggingFaceFetcher withMaxBytes(long newMaxBytes) {
    return changed(draft -> draft.maxBytes = newMaxBytes);
  }

  /** {@return this fetcher with or without the use of a cached model while the hub cannot be reached} */
  public HuggingFaceFetcher withStale(boolean newStale) {
    return changed(draft -> draft.stale = newStale);
  }

  /** {@return the commits that branches and tags were resolved to, by {@code ORG/NAME@REVISION}} */
  public Map<String, String> pinned() {
    return Map.copyOf(draft().pinned.commits);
  }

  @Override
  public long maxBytes() {
    return draft().maxBytes;
  }

  @Override
  public boolean allowsStale() {
    return draft().stale;
  }

  @Override
  public Download fetch(URI location, String etag) throws IOException {
    ConcurrentMap<String, String> pinned = draft().pinned.commits;
    Hub.Place place = Hub.Place.of(location, draft().revision);
    String key = place.id() + "@" + place.revision();
    String known = place.isCommit() ? place.revision() : pinned.getOrDefault(key, "");
    if (!known.isEmpty() && etag.equals(known + FORM)) {
      return Download.unchanged();
    }
    Hub hub = new Hub(
        draft().endpoint,
        new Web(draft().timeout, draft().maxWait, draft().time, draft().endpoint, secrets()));
    Hub.Revision found = hub.revision(known.isEmpty() ? place : place.at(known));
    if (known.isEmpty()) {
      String before = pinned.putIfAbsent(key, found.commit());
      if (before != null && !before.equals(found.commit())) {
        found = hub.revision(place.at(before));
      }
      LoggerFactory.getLogger(HuggingFaceFetcher.class)
          .info("{} is commit {}", key, found.commit());
    } else if (!found.commit().equals(known)) {
      throw new IOException("it answers for commit " + known + " with " + found.commit());
    }
    if (etag.equals(found.commit() + FORM)) {
      return Download.unchanged();
    }
    List<TarStream.Entry> files = hub.model(place, found);
    return Download.of(new TarStream(files))
        .withLength(TarStream.length(files))
        .withEtag(found.commit() + FORM);
  }

  private Map<String, String> secrets() {
    return draft().token.isEmpty() ? Map.of() : Map.of("Authorization", "Bearer " + draft().token);
  }
}
