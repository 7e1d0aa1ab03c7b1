# The JVM. Maven keeps what it downloads where it always does; everything else goes under $(CARGO_TARGET_DIR) and bindings/java.

MVN ?= mvn
JAVA ?= java
JAVA_NATIVE := $(CARGO_TARGET_DIR)/java-native
# As os-maven-plugin calls it, and `-musl`.
JAVA_PLATFORM := $(shell uname -s | tr A-Z a-z | sed 's/darwin/osx/; s/^\(mingw\|msys\|cygwin\).*/windows/')-$(shell uname -m | sed 's/arm64/aarch_64/; s/aarch64/aarch_64/')$(addprefix -,$(findstring musl,$(shell ldd --version 2>&1)))
JAVA_LIBRARY := $(if $(findstring windows,$(JAVA_PLATFORM)),kmsak_jni.dll,libkmsak_jni.$(if $(findstring osx,$(JAVA_PLATFORM)),dylib,so))
JAVA_MVN := $(MVN) -q -B -f bindings/java -Dkmsak.native=$(JAVA_NATIVE) -Dkmsak.program=$(PROGRAM)
# The tests run with -Xcheck:jni, which only prints what it finds: no report may hold any of it.
JAVA_CHECKED := ! grep -rE "(WARNING|FATAL ERROR) in native method|WARNING: JNI local refs" bindings/java/tests/target/surefire-reports
JAVA_LIBRARIES := kmsak,kmsak-sdk-core,kmsak-credentials,kmsak-oss,kmsak-credentials-async,kmsak-rocketmq,kmsak-rocketmq4,kmsak-tablestore,kmsak-log,kmsak-secretsmanager-client,kmsak-managed-credentials,kmsak-spring-boot-starter
JAVA_DRIVER := $(CARGO_TARGET_DIR)/java-driver
# Another JDK to test on besides the one that builds, if the machine has a newer one.
JAVA_NEWEST ?= $(lastword $(sort $(wildcard /usr/lib/jvm/temurin-[2-9][0-9]-jdk-*/bin/java /usr/lib/jvm/java-[2-9][0-9]-openjdk-*/bin/java)))

.PHONY: build-java install-java native-java test-java test-java-matrix lint-java clean-java fetch-java demo-java

native-java:
	@command -v $(MVN) >/dev/null || { echo "Java needs Maven (mvn) and a JDK of at least 17, for example: apt-get install maven openjdk-17-jdk-headless" >&2; exit 1; }
	$(call build_library,kmsak-jni)
	mkdir -p $(JAVA_NATIVE)/$(JAVA_PLATFORM)
	cp $(PROFILE_DIR)/$(JAVA_LIBRARY) $(JAVA_NATIVE)/$(JAVA_PLATFORM)/

build-java: native-java ## the jars, with the native library in them
	$(JAVA_MVN) package -DskipTests

install-java: native-java ## the jars, in Maven's local repository
	$(JAVA_MVN) install -DskipTests -pl $(JAVA_LIBRARIES),kmsak-bom -am

test-java: native-java build-program
	rm -rf bindings/java/tests/target/surefire-reports
	$(JAVA_MVN) verify
	$(JAVA_CHECKED)
	$(if $(JAVA_NEWEST),$(JAVA_MVN) verify -pl tests -am -Djvm=$(JAVA_NEWEST) && $(JAVA_CHECKED),@echo "no JDK newer than the one that builds: tested on that one alone")
	rm -rf $(JAVA_DRIVER)
	$(JAVA_MVN) dependency:copy -Dartifact=com.google.code.gson:gson:2.13.1 -DoutputDirectory=$(JAVA_DRIVER) -pl kmsak
	javac -Xlint:all,-classfile -Werror -cp bindings/java/kmsak/target/classes:$(JAVA_DRIVER)/gson-2.13.1.jar -d $(JAVA_DRIVER) tests/conformance/drivers/java/Driver.java
	KMSAK_DRIVER="$(JAVA) -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp bindings/java/kmsak/target/classes:$(JAVA_DRIVER)/gson-2.13.1.jar:$(JAVA_DRIVER) Driver" $(CONFORMANCE)

lint-java: native-java
	$(JAVA_MVN) compile javadoc:javadoc -pl $(JAVA_LIBRARIES)

# Every version of the OSS SDK that applications of the official plug-in have: slow, so not a part of test-java.
test-java-matrix: native-java build-program ## the drop-in with older SDKs, and Kotlin
	$(JAVA_MVN) verify -Pmatrix -pl tests-kotlin -am
	for version in 2.1.0 3.10.2 3.15.2 3.16.3; do echo "aliyun-sdk-oss $$version"; $(JAVA_MVN) verify -pl tests-older-sdks -am -Dtests.skip -Dolder-oss.version=$$version; done

clean-java:
	rm -rf bindings/java/target bindings/java/*/target examples/java/*/target

# The examples, compiled; the demo names its native library itself. The first run fetches what they need.
JAVA_EXAMPLES := ../../examples/java/plain,../../examples/java/guide,../../examples/java/spring-boot
fetch-java:
	$(JAVA_MVN) compile dependency:build-classpath -Dmdep.outputFile=target/classpath.txt -Pexamples -pl $(JAVA_EXAMPLES) -am
	$(JAVA_MVN) compile -Pexamples,on-the-cloud -pl ../../examples/java/guide -am

demo-java: $(DEMO_BUILT) $(if $(DEMO_IS_BUILT),,fetch-java) ## the examples on the JVM, through rotations
	@KMSAK_BIN=$(DEMO_DIR)/kmsak KMSAK_LIBRARY=$(DEMO_DIR)/$(JAVA_LIBRARY) examples/java/demo
