package io.fairlead.engine.internal.text;

import io.fairlead.engine.Call;
import io.fairlead.engine.internal.support.Failures;
import io.fairlead.error.ErrorKind;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The tokens of texts of any length, at the cost of what a model can see of them.
 *
 * <p>A library tokenizes a whole text before it cuts the tokens off at the limit. Here it gets the start of a long text,
 * which doubles until the tokens up to the limit are those of the whole text: either the start ends before white space
 * and has {@value #MARGIN} tokens more than the limit, or one that is half as long has the same tokens. Between the
 * pieces a call can be stopped, and a piece has to fit its memory.
 */
final class LongTexts {
  /** The number of tokens above the limit that the end of a piece may change. */
  static final int MARGIN = 16;

  /**
   * The memory that a character takes while it is tokenized, at most.
   *
   * <p>Measured: 545 bytes for ideographs, each of which is a token, 160 for English, and 60 for blanks.
   */
  static final long BYTES_PER_CHARACTER = 600;

  /**
   * The number of characters that are read of a text with fewer tokens than the model can see.
   *
   * <p>A piece cannot be stopped, and of this length takes up to a few seconds.
   */
  static final int MOST_CHARACTERS = 1 << 17;

  // A word with the space after it is about 6 characters, and about 1.3 tokens.
  private static final int CHARACTERS_PER_TOKEN = 8;
  private static final int LEAST = 256;
  private static final int MOST_TIMES = 16;
  private static final long LOOK_MILLIS = 20;

  private final Tokenizer tokenizer;
  private final Failures failures;
  private final int first;
  // The memory of one piece, not of one for each thread.
  private final ReentrantLock growing = new ReentrantLock();

  LongTexts(Tokenizer tokenizer, Failures failures) {
    this.tokenizer = tokenizer;
    this.failures = failures;
    this.first = LEAST + CHARACTERS_PER_TOKEN * tokenizer.limit();
  }

  /** The start of a text, and its tokens. */
  private record Start(String text, Tokenizer.Tokens tokens) {}

  /**
   * {@return the tokens of a text}
   *
   * @throws io.fairlead.error.ServingException if the call is stopped, or a piece with as many tokens as the model can
   *     see is too long or does not fit its memory
   */
  Tokenizer.Tokens encode(String text, Call call) {
    call.checkNotStopped(null);
    return text.length() <= first ? tokenizer.encode(text) : cut(text, call).tokens();
  }

  /**
   * {@return the start of a text, or all of it, with the same tokens up to the limit}
   *
   * @throws io.fairlead.error.ServingException as for its tokens
   */
  String start(String text, Call call) {
    call.checkNotStopped(null);
    return text.length() <= first ? text : cut(text, call).text();
  }

  private Start cut(String text, Call call) {
    String start = text.substring(0, end(text, first));
    Tokenizer.Tokens before = tokenizer.encode(start);
    if (isEnough(text, first, before)) {
      return new Start(start, before);
    }
    lock(call);
    try {
      return grow(tokenizer.squeezed(text), before, call);
    } finally {
      growing.unlock();
    }
  }

  private void lock(Call call) {
    try {
      while (!growing.tryLock(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
        call.checkNotStopped(null);
      }
    } catch (InterruptedException e) {
      growing.lock();
      Thread.currentThread().interrupt();
    }
  }

  private Start grow(String text, Tokenizer.Tokens start, Call call) {
    long readable = Math.max(MOST_CHARACTERS, (long) MOST_TIMES * first);
    long most = Math.min(readable, call.memoryBytes() / BYTES_PER_CHARACTER);
    Tokenizer.Tokens before = start;
    for (long read = first; read < most; read = Math.min(2 * read, most)) {
      call.checkNotStopped(null);
      int wanted = (int) Math.min(Math.min(2 * read, most), text.length());
      int end = end(text, wanted);
      String piece = text.substring(0, end);
      Tokenizer.Tokens tokens = tokenizer.encode(piece);
      if (end == text.length()
          || isEnough(text, wanted, tokens)
          || (before.cutOff() > 0 && tokens.cutOff() > 0 && tokens.sameIds(before))) {
        return new Start(piece, tokens);
      }
      before = tokens;
    }
    throw failures.failure(
        ErrorKind.INVALID,
        "Model '" + call.model() + "' was not invoked: a text has only " + before.ids().length
            + " of at most " + tokenizer.limit() + " tokens in its first "
            + Math.max(first, most) + " characters, and no more of it is read"
            + (most < readable
                ? " with the " + call.memoryBytes()
                    + " bytes of limits.memoryBytes: deploy it with more memory, or leave out"
                : ": leave out")
            + " what is no text in it, such as blanks");
  }

  private static boolean isEnough(String text, int wanted, Tokenizer.Tokens tokens) {
    return tokens.cutOff() >= MARGIN && isBeforeSpace(text, end(text, wanted));
  }

  /** The end of the start of a text: before white space if there is some near, and never within a character. */
  static int end(String text, int wanted) {
    if (wanted >= text.length()) {
      return text.length();
    }
    for (int end = wanted; end > wanted - wanted / 4; end--) {
      if (isBeforeSpace(text, end)) {
        return end;
      }
    }
    return Character.isSurrogatePair(text.charAt(wanted - 1), text.charAt(wanted))
        ? wanted - 1
        : wanted;
  }

  private static boolean isBeforeSpace(String text, int end) {
    return end < text.length() && isSpace(text.charAt(end)) && !isSpace(text.charAt(end - 1));
  }

  private static boolean isSpace(char character) {
    return character == ' ' || character == '\n' || character == '\t' || character == '\r';
  }
}
