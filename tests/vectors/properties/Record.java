import java.io.ByteArrayInputStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Properties;
import java.util.Random;
import java.util.TreeMap;

/** Records what java.util.Properties reads: run "java Record.java > jdk.json". */
public class Record {
  static final String[] CHOSEN = {
    "a=b", "a:b", "a b", "a\tb", "a\fb", "a = b", "a  :  b", "a == b", "a : = b", "=b", ":b", " = b", "a", "a=", "a:",
    "# comment\na=b", "! comment\na=b", "  # comment \\\na=b", "#C:\\users\na=b", "a=b # no comment", "a=b\\\n  c",
    "a=b\\\n  #c", "a=b\\\n\nc=d", "a=b\\\\\nc=d", "a=b\\\\\\\n c", "a=b\\", "a=b\\\n", "\\\na=b", "\\\n#a=b", "a\\ b=c",
    "a\\:b=c", "a\\=b=c", "\\#a=b", "\\!a=b", "a=\\t\\n\\r\\f\\b\\q\\\"", "a=\\u0041\\u00e9", "\\u0061=b", "a=\\u004",
    "a=\\uzzzz", "a=\\ud83d\\ude00", "a=b\r\nc=d\r\n", "a=b\rc=d", "a=b\\\r\n c", "a=b\\\r c", "a=b  ", "a=  b  ",
    "a=1\na=2", "\n\n \t\na=b\n\n", "a=\u00e9", "a=\u4e2d\u6587", "k\u00e9y=v", "a=b\\\n \\\n c", "a\\\nb=c", "",
    "cache_client_region_id=[{\"regionId\":\"cn-hangzhou\"}]",
    "cache_client_region_id=[{\"regionId\"\\:\"cn-hangzhou\"},\\\n    {\"regionId\":\"cn-beijing\"}]",
  };
  static final String[] PIECES = {
    "a", "b", "=", ":", " ", "\t", "\f", "\n", "\r", "\r\n", "\\", "\\\\", "\\\n", "#", "!", "\\u0041", "u", "\u00e9", "=",
  };

  public static void main(String[] arguments) throws Exception {
    StringBuilder out = new StringBuilder("[\n");
    for (String text : CHOSEN) {
      record(out, text, text.getBytes(StandardCharsets.UTF_8));
    }
    record(out, null, new byte[] {'a', '=', (byte) 0xe9, (byte) 0x80, '\n'});
    Random random = new Random(1);
    for (int i = 0; i < 400; i++) {
      StringBuilder text = new StringBuilder();
      for (int length = random.nextInt(14); length >= 0; length--) {
        text.append(PIECES[random.nextInt(PIECES.length)]);
      }
      record(out, text.toString(), text.toString().getBytes(StandardCharsets.UTF_8));
    }
    out.setLength(out.length() - 2);
    System.out.println(out.append("\n]"));
  }

  /** No text: the bytes are ISO-8859-1, which load(InputStream) takes. */
  static void record(StringBuilder out, String text, byte[] bytes) throws Exception {
    Properties properties = new Properties();
    out.append("{\"bytes\":\"").append(Base64.getEncoder().encodeToString(bytes)).append("\",\"properties\":");
    try {
      if (text == null) {
        properties.load(new ByteArrayInputStream(bytes));
      } else {
        properties.load(new StringReader(text));
      }
    } catch (IllegalArgumentException malformed) {
      out.append("null},\n");
      return;
    }
    out.append('{');
    new TreeMap<Object, Object>(properties).forEach(
        (key, value) -> out.append(quote(key)).append(':').append(quote(value)).append(','));
    if (!properties.isEmpty()) {
      out.setLength(out.length() - 1);
    }
    out.append("}},\n");
  }

  static String quote(Object text) {
    StringBuilder out = new StringBuilder("\"");
    for (char c : text.toString().toCharArray()) {
      out.append(c < ' ' || c > '~' || c == '"' || c == '\\' ? String.format("\\u%04x", (int) c) : String.valueOf(c));
    }
    return out.append('"').toString();
  }
}
