package io.kmsak.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What compiles and runs against the official SDK does so here: its public signatures are all there. */
class OfficialSignaturesTest {
  /** The exceptions that a caller must handle: neither more, nor fewer, for a catch of what nobody throws does not compile. */
  private static String thrown(Class<?>[] types) {
    String checked =
        Arrays.stream(types)
            .filter(type -> !RuntimeException.class.isAssignableFrom(type) && !Error.class.isAssignableFrom(type))
            .map(Class::getTypeName)
            .sorted()
            .collect(Collectors.joining(","));
    return checked.isEmpty() ? "" : " throws " + checked;
  }

  private static String names(Type[] types) {
    return Arrays.stream(types).map(Type::getTypeName).collect(Collectors.joining(","));
  }

  private static Set<String> members(Class<?> type) throws Exception {
    Set<String> members = new HashSet<>();
    for (Constructor<?> constructor : type.getConstructors()) {
      members.add("new(" + names(constructor.getGenericParameterTypes()) + ")" + thrown(constructor.getExceptionTypes()));
    }
    for (Method method : type.getMethods()) {
      String modifier = Modifier.isStatic(method.getModifiers()) ? "static " : "";
      members.add(
          modifier
              + method.getGenericReturnType().getTypeName()
              + " "
              + method.getName()
              + "("
              + names(method.getGenericParameterTypes())
              + ")"
              + thrown(method.getExceptionTypes()));
    }
    for (Field field : type.getFields()) {
      boolean isStatic = Modifier.isStatic(field.getModifiers());
      boolean constant = isStatic && (field.getType() == String.class || field.getType().isPrimitive());
      members.add(
          "field "
              + (isStatic ? "static " : "")
              + field.getGenericType().getTypeName()
              + " "
              + field.getName()
              + (constant ? " = " + field.get(null) : ""));
    }
    return members;
  }

  private static void compareClass(String line, Class<?> type, List<String> missing) throws Exception {
    String parameters =
        type.getTypeParameters().length == 0
            ? ""
            : Arrays.stream(type.getTypeParameters()).map(Type::getTypeName).collect(Collectors.joining(",", "<", ">"));
    String kind =
        type.isInterface() ? "interface" : Modifier.isAbstract(type.getModifiers()) ? "abstract class" : "class";
    String[] halves = line.split(" : ");
    if (!Modifier.isPublic(type.getModifiers()) || !halves[0].equals(kind + " " + type.getName() + parameters)) {
      missing.add(halves[0]);
    }
    for (String parent : halves.length == 1 ? new String[0] : halves[1].split(" ")) {
      if (!Class.forName(parent).isAssignableFrom(type)) {
        missing.add(type.getName() + " is no " + parent);
      }
    }
  }

  @Test
  void everyOfficialSignatureIsHere() throws Exception {
    List<String> missing = new ArrayList<>();
    int classes = 0;
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(
                OfficialSignaturesTest.class.getResourceAsStream("/official-signatures.txt"), StandardCharsets.UTF_8))) {
      Class<?> type = null;
      Set<String> members = Set.of();
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith("#")) {
          continue;
        }
        if (line.startsWith("-")) {
          assertTrue(line.contains(" -- "), line);
        } else if (line.startsWith(" ")) {
          if (!members.contains(line.trim())) {
            missing.add(type.getName() + ": " + line.trim());
          }
        } else {
          type = Class.forName(line.replaceAll("^(abstract )?(class|interface) ([\\w.]+).*", "$3"));
          members = members(type);
          compareClass(line, type, missing);
          classes++;
        }
      }
    }
    assertEquals("", String.join("\n", missing));
    // Those of the SDK's five artifacts, and nine of the client's.
    assertEquals(74, classes);
  }
}
