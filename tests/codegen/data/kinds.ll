; ModuleID = 'kinds.c'
source_filename = "kinds.c"
target datalayout = "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128"
target triple = "bpfel"

%struct.inner_map = type { ptr, ptr, ptr, ptr }
%struct.odd = type <{ i8, i64 }>
%struct.anon.1 = type { ptr, ptr, ptr, ptr }
%union.both = type { i64 }
%struct.near = type { ptr }
%struct.by_pointer = type { ptr }
%struct.by_value = type { %struct.late }
%struct.late = type { i32 }
%struct.task_struct = type { i32, i32, ptr, ptr }

@inner = dso_local global %struct.inner_map zeroinitializer, section ".maps", align 8, !dbg !0
@outer = dso_local global { ptr, ptr, ptr, [2 x ptr] } { ptr null, ptr null, ptr null, [2 x ptr] [ptr null, ptr @inner] }, section ".maps", align 8, !dbg !71
@programs = dso_local global { ptr, ptr, ptr, [1 x ptr] } { ptr null, ptr null, ptr null, [1 x ptr] [ptr @tail] }, section ".maps", align 8, !dbg !105
@set = dso_local global i64 7, align 8, !dbg !125
@list = dso_local global [4 x i32] [i32 1, i32 0, i32 0, i32 0], align 4, !dbg !127
@into = dso_local local_unnamed_addr global ptr getelementptr inbounds nuw (i8, ptr @list, i64 8), align 8, !dbg !130
@choice = dso_local local_unnamed_addr global i64 1311768467463790320, align 8, !dbg !132
@sign = dso_local local_unnamed_addr global i32 -1, align 4, !dbg !134
@bits = dso_local local_unnamed_addr global { i8, i8, i8, i8, i8, i8, i8, i8 } { i8 -15, i8 15, i8 0, i8 0, i8 0, i8 0, i8 0, i8 0 }, align 8, !dbg !136
@packed = dso_local local_unnamed_addr global %struct.odd <{ i8 1, i64 2 }>, align 1, !dbg !145
@pointer = dso_local local_unnamed_addr global ptr @set, align 8, !dbg !154
@overridable = weak dso_local local_unnamed_addr global i32 3, align 4, !dbg !156
@concealed = hidden local_unnamed_addr global i32 4, align 4, !dbg !158
@name = dso_local global [6 x i8] c"named\00", section ".data.named", align 1, !dbg !160
@hidden_set = internal global i16 -2, align 2, !dbg !321
@tail.format = internal constant [9 x i8] c"%d of %s\00", align 1, !dbg !166
@grid = dso_local local_unnamed_addr global [3 x [4 x i32]] zeroinitializer, align 4, !dbg !303
@hidden_zero = internal unnamed_addr global i32 0, align 4, !dbg !296
@zero = dso_local local_unnamed_addr global i64 0, align 8, !dbg !294
@CONFIG_HZ = extern_weak dso_local local_unnamed_addr global i32, section ".kconfig", align 4, !dbg !317
@shared = dso_local global %struct.anon.1 zeroinitializer, section ".maps", align 8, !dbg !262
@follow.____fmt = internal constant [3 x i8] c"%d\00", align 1, !dbg !224
@either = dso_local local_unnamed_addr global %union.both zeroinitializer, align 8, !dbg !307
@0 = private unnamed_addr constant [21 x i8] c"BPF_MAP_TYPE_ARRAY:2\00", align 1
@option = dso_local constant i8 0, align 1, !dbg !298
@vmlinux_symbol = extern_weak dso_local constant i8, section ".ksyms", align 1, !dbg !319
@LICENSE = dso_local global [4 x i8] c"GPL\00", section "license", align 1, !dbg !259
@near = dso_local local_unnamed_addr global %struct.near zeroinitializer, align 8, !dbg !270
@by_pointer = dso_local local_unnamed_addr global %struct.by_pointer zeroinitializer, align 8, !dbg !279
@by_value = dso_local local_unnamed_addr global %struct.by_value zeroinitializer, align 4, !dbg !289
@table = internal unnamed_addr constant [5 x i32] [i32 1, i32 -2, i32 3, i32 -4, i32 5], align 4, !dbg !327
@pair = internal unnamed_addr constant [2 x i64] [i64 1099511627776, i64 2], align 8, !dbg !333
@llvm.compiler.used = appending global [8 x ptr] [ptr @LICENSE, ptr @follow, ptr @inner, ptr @name, ptr @outer, ptr @programs, ptr @shared, ptr @tail], section "llvm.metadata"

; Function Attrs: nounwind
define dso_local i32 @tail(ptr noundef %ctx) #0 section "tc" !dbg !168 {
entry:
  %sum = alloca i64, align 8, !DIAssignID !347
    #dbg_assign(i1 poison, !171, !DIExpression(), !347, ptr %sum, !DIExpression(), !348)
    #dbg_value(ptr %ctx, !170, !DIExpression(), !348)
  call void @llvm.lifetime.start.p0(ptr nonnull %sum) #9, !dbg !349
  store i64 0, ptr %sum, align 8, !dbg !350, !tbaa !351, !DIAssignID !353
    #dbg_assign(i64 0, !171, !DIExpression(), !353, ptr %sum, !DIExpression(), !348)
  %call = tail call i64 inttoptr (i64 113 to ptr)(ptr noundef nonnull getelementptr inbounds nuw (i8, ptr @list, i64 4), i32 noundef 4, ptr noundef %ctx) #9, !dbg !354
  %call1 = call i64 inttoptr (i64 181 to ptr)(i32 noundef 5, ptr noundef nonnull @each, ptr noundef nonnull %sum, i64 noundef 0) #9, !dbg !355
  %0 = load i64, ptr %sum, align 8, !dbg !356, !tbaa !351
  %conv = trunc i64 %0 to i32, !dbg !357
  %call2 = call i64 (ptr, i32, ...) inttoptr (i64 6 to ptr)(ptr noundef nonnull @tail.format, i32 noundef 9, i32 noundef %conv) #9, !dbg !358
  %1 = load i64, ptr %sum, align 8, !dbg !359, !tbaa !351
  %2 = load i32, ptr @hidden_zero, align 4, !dbg !360, !tbaa !343
  %and = and i32 %2, 3, !dbg !361
  %idxprom = zext nneg i32 %and to i64, !dbg !362
  %arrayidx = getelementptr inbounds nuw i32, ptr getelementptr inbounds nuw (i8, ptr @grid, i64 16), i64 %idxprom, !dbg !362
  %3 = load i32, ptr %arrayidx, align 4, !dbg !362, !tbaa !343
  %conv3 = sext i32 %3 to i64, !dbg !362
  %add = add i64 %1, %conv3, !dbg !363
  store i64 %add, ptr @zero, align 8, !dbg !364, !tbaa !351
  %conv4 = trunc i64 %add to i32, !dbg !365
  %4 = load i32, ptr @CONFIG_HZ, align 4, !dbg !366, !tbaa !343
  %call5 = call fastcc i32 @subtract(i32 noundef %conv4, i32 noundef %4), !dbg !367
  %5 = load i64, ptr @zero, align 8, !dbg !368, !tbaa !351
  %conv6 = trunc i64 %5 to i32, !dbg !368
  %6 = load i64, ptr @set, align 8, !dbg !369, !tbaa !351
  %conv7 = trunc i64 %6 to i32, !dbg !369
  %call8 = call i32 @multiply(i32 noundef %conv6, i32 noundef %conv7), !dbg !370
  %add9 = add nsw i32 %call8, %call5, !dbg !371
  %7 = load i64, ptr @zero, align 8, !dbg !372, !tbaa !351
  %conv10 = trunc i64 %7 to i32, !dbg !372
  %call11 = call i32 @concealed_function(i32 noundef %conv10), !dbg !373
  %add12 = add nsw i32 %add9, %call11, !dbg !374
  call void @llvm.lifetime.end.p0(ptr nonnull %sum) #9, !dbg !375
  ret i32 %add12, !dbg !376
}

; Function Attrs: mustprogress nofree noinline norecurse nounwind willreturn memory(readwrite, argmem: none, target_mem0: none, target_mem1: none)
define dso_local i32 @multiply(i32 noundef %a, i32 noundef %b) local_unnamed_addr #1 !dbg !377 {
entry:
    #dbg_value(i32 %a, !382, !DIExpression(), !386)
    #dbg_value(i32 %b, !383, !DIExpression(), !386)
  %mul = mul i32 %b, %a, !dbg !387
  %0 = load volatile i16, ptr @hidden_set, align 2, !dbg !388, !tbaa !389
  %conv = sext i16 %0 to i32, !dbg !388
  %add = add i32 %mul, %conv, !dbg !391
  ret i32 %add, !dbg !392
}

; Function Attrs: mustprogress nofree noinline norecurse nosync nounwind willreturn memory(none)
define hidden noundef range(i32 0, 1431655766) i32 @concealed_function(i32 noundef %a) local_unnamed_addr #2 !dbg !393 {
entry:
    #dbg_value(i32 %a, !397, !DIExpression(), !398)
  %div = udiv i32 %a, 3, !dbg !399
  ret i32 %div, !dbg !400
}

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn memory(argmem: readwrite)
declare void @llvm.lifetime.start.p0(ptr captures(none)) #3

; Function Attrs: mustprogress nofree norecurse nosync nounwind willreturn memory(argmem: readwrite)
define internal noundef i32 @each(i32 noundef %index, ptr noundef captures(none) %sum) #4 !dbg !401 {
entry:
    #dbg_value(i32 %index, !405, !DIExpression(), !407)
    #dbg_value(ptr %sum, !406, !DIExpression(), !407)
  %rem = urem i32 %index, 5, !dbg !408
  %idxprom = zext nneg i32 %rem to i64, !dbg !409
  %arrayidx = getelementptr inbounds nuw i32, ptr @table, i64 %idxprom, !dbg !409
  %0 = load i32, ptr %arrayidx, align 4, !dbg !409, !tbaa !343
  %conv = sext i32 %0 to i64, !dbg !409
  %and = and i32 %index, 1, !dbg !410
  %idxprom1 = zext nneg i32 %and to i64, !dbg !411
  %arrayidx2 = getelementptr inbounds nuw i64, ptr @pair, i64 %idxprom1, !dbg !411
  %1 = load i64, ptr %arrayidx2, align 8, !dbg !411, !tbaa !351
  %add = add i64 %1, %conv, !dbg !412
  %2 = load i64, ptr %sum, align 8, !dbg !413, !tbaa !351
  %add3 = add i64 %add, %2, !dbg !413
  store i64 %add3, ptr %sum, align 8, !dbg !413, !tbaa !351
  ret i32 0, !dbg !414
}

; Function Attrs: mustprogress nofree noinline norecurse nosync nounwind willreturn memory(readwrite, argmem: none, inaccessiblemem: none, target_mem0: none, target_mem1: none)
define internal fastcc i32 @subtract(i32 noundef %a, i32 noundef %b) unnamed_addr #5 !dbg !415 {
entry:
    #dbg_value(i32 %a, !419, !DIExpression(), !421)
    #dbg_value(i32 %b, !420, !DIExpression(), !421)
  %0 = load i32, ptr @hidden_zero, align 4, !dbg !422, !tbaa !343
  %add = add i32 %0, %a, !dbg !422
  store i32 %add, ptr @hidden_zero, align 4, !dbg !422, !tbaa !343
  %sub = sub nsw i32 %a, %b, !dbg !423
  ret i32 %sub, !dbg !424
}

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn memory(argmem: readwrite)
declare void @llvm.lifetime.end.p0(ptr captures(none)) #3

; Function Attrs: nounwind
define dso_local range(i32 0, 2) i32 @follow(ptr noundef %ctx) #0 section "?tp_btf/sys_enter" !dbg !226 {
entry:
  %key = alloca i32, align 4, !DIAssignID !425
    #dbg_assign(i1 poison, !232, !DIExpression(), !425, ptr %key, !DIExpression(), !426)
  %__found = alloca ptr, align 8, !DIAssignID !427
    #dbg_assign(i1 poison, !256, !DIExpression(), !427, ptr %__found, !DIExpression(), !428)
  %__found6 = alloca i32, align 4, !DIAssignID !429
    #dbg_assign(i1 poison, !257, !DIExpression(), !429, ptr %__found6, !DIExpression(), !430)
    #dbg_value(ptr %ctx, !230, !DIExpression(), !426)
  %call = tail call ptr inttoptr (i64 158 to ptr)() #9, !dbg !431
    #dbg_value(ptr %call, !231, !DIExpression(), !426)
  call void @llvm.lifetime.start.p0(ptr nonnull %key) #9, !dbg !432
  store i32 0, ptr %key, align 4, !dbg !433, !tbaa !343, !DIAssignID !434
    #dbg_assign(i32 0, !232, !DIExpression(), !434, ptr %key, !DIExpression(), !426)
  %call1 = call ptr inttoptr (i64 1 to ptr)(ptr noundef nonnull @shared, ptr noundef nonnull %key) #9, !dbg !435
    #dbg_value(ptr %call1, !233, !DIExpression(), !426)
  %call2 = call i64 inttoptr (i64 12 to ptr)(ptr noundef %ctx, ptr noundef nonnull @programs, i32 noundef 0) #9, !dbg !436
  %tobool.not = icmp eq ptr %call1, null, !dbg !437
  br i1 %tobool.not, label %if.end, label %if.then, !dbg !437

if.then:                                          ; preds = %entry
    #dbg_value(ptr %call, !254, !DIExpression(), !428)
  call void @llvm.lifetime.start.p0(ptr nonnull %__found) #9, !dbg !438
  %0 = call ptr @llvm.preserve.struct.access.index.p0.p0(ptr elementtype(%struct.task_struct) %call, i32 2, i32 2), !dbg !439, !llvm.preserve.access.index !204
  %call4 = call i64 inttoptr (i64 113 to ptr)(ptr noundef nonnull %__found, i32 noundef 8, ptr noundef %0) #9, !dbg !438
  %1 = load ptr, ptr %__found, align 8, !dbg !438, !tbaa !440
  call void @llvm.lifetime.end.p0(ptr nonnull %__found) #9, !dbg !443
    #dbg_value(ptr %1, !250, !DIExpression(), !430)
  call void @llvm.lifetime.start.p0(ptr nonnull %__found6) #9, !dbg !443
  %2 = call ptr @llvm.preserve.struct.access.index.p0.p0(ptr elementtype(%struct.task_struct) %1, i32 0, i32 0), !dbg !444, !llvm.preserve.access.index !204
  %call7 = call i64 inttoptr (i64 113 to ptr)(ptr noundef nonnull %__found6, i32 noundef 4, ptr noundef %2) #9, !dbg !443
  %3 = load i32, ptr %__found6, align 4, !dbg !443, !tbaa !343
  call void @llvm.lifetime.end.p0(ptr nonnull %__found6) #9, !dbg !445
  %call9 = call i64 (ptr, i32, ...) inttoptr (i64 6 to ptr)(ptr noundef nonnull @follow.____fmt, i32 noundef 3, i32 noundef %3) #9, !dbg !446
  br label %if.end, !dbg !447

if.end:                                           ; preds = %if.then, %entry
  %4 = call ptr @llvm.preserve.struct.access.index.p0.p0(ptr elementtype(%struct.task_struct) %call, i32 0, i32 0), !dbg !448, !llvm.preserve.access.index !204
  %5 = load i32, ptr %4, align 8, !dbg !448, !tbaa !449
  %bf.load = load i64, ptr @bits, align 8, !dbg !452
  %6 = shl i32 %5, 3, !dbg !452
  %7 = and i32 %6, 1016, !dbg !452
  %bf.shl = zext nneg i32 %7 to i64, !dbg !452
  %bf.clear = and i64 %bf.load, -1017, !dbg !452
  %bf.set = or disjoint i64 %bf.clear, %bf.shl, !dbg !452
  store i64 %bf.set, ptr @bits, align 8, !dbg !452
  %8 = call ptr @llvm.preserve.struct.access.index.p0.p0(ptr elementtype(%struct.task_struct) %call, i32 1, i32 1), !dbg !453, !llvm.preserve.access.index !204
  %9 = call i32 @llvm.bpf.preserve.field.info.p0(ptr %8, i64 2), !dbg !454
  %conv = zext i32 %9 to i64, !dbg !454
  %10 = call i64 @llvm.bpf.btf.type.id(i32 0, i64 0), !dbg !455, !llvm.preserve.access.index !456
  %add = add i64 %10, %conv, !dbg !464
  %11 = load i64, ptr getelementptr inbounds nuw (i8, ptr @packed, i64 1), align 1, !dbg !465, !tbaa !466
  %add10 = add i64 %add, %11, !dbg !468
  %12 = load i32, ptr getelementptr inbounds nuw (i8, ptr @either, i64 4), align 4, !dbg !469, !tbaa !470
  %13 = trunc i64 %add10 to i32, !dbg !469
  %conv13 = add i32 %12, %13, !dbg !469
  store i32 %conv13, ptr getelementptr inbounds nuw (i8, ptr @either, i64 4), align 4, !dbg !469, !tbaa !470
  %14 = call i64 @llvm.bpf.preserve.enum.value(i32 1, ptr nonnull @0, i64 0), !dbg !471, !llvm.preserve.access.index !25
  %tobool14.not = icmp eq i64 %14, 0, !dbg !471
  br i1 %tobool14.not, label %if.end22, label %if.then15, !dbg !471

if.then15:                                        ; preds = %if.end
  %15 = load i32, ptr @concealed, align 4, !dbg !473, !tbaa !343
  %16 = load volatile i8, ptr @option, align 1, !dbg !474, !tbaa !475, !range !477, !noundef !478
  %loadedv = zext nneg i8 %16 to i32, !dbg !474
  %add17 = add i32 %15, %loadedv, !dbg !479
  %17 = load i32, ptr @sign, align 4, !dbg !480, !tbaa !343
  %add18 = add i32 %add17, %17, !dbg !481
  %18 = load i64, ptr @choice, align 8, !dbg !482, !tbaa !483
  %conv19 = trunc i64 %18 to i32, !dbg !485
  %add20 = add i32 %add18, %conv19, !dbg !486
  %19 = load i32, ptr @overridable, align 4, !dbg !487, !tbaa !343
  %add21 = add i32 %add20, %19, !dbg !487
  store i32 %add21, ptr @overridable, align 4, !dbg !487, !tbaa !343
  br label %if.end22, !dbg !488

if.end22:                                         ; preds = %if.then15, %if.end
  %tobool23.not = icmp eq ptr @vmlinux_symbol, null, !dbg !489
  br i1 %tobool23.not, label %if.end27, label %if.then24, !dbg !489

if.then24:                                        ; preds = %if.end22
  %20 = load i64, ptr @zero, align 8, !dbg !491, !tbaa !351
  %and = and i64 %20, 3, !dbg !492
  %arrayidx = getelementptr inbounds nuw i8, ptr @name, i64 %and, !dbg !493
  %21 = load i8, ptr %arrayidx, align 1, !dbg !493, !tbaa !470
  %conv25 = sext i8 %21 to i32, !dbg !493
  %22 = load ptr, ptr @pointer, align 8, !dbg !494, !tbaa !495
  %23 = load i32, ptr %22, align 4, !dbg !497, !tbaa !343
  %add26 = add i32 %23, %conv25, !dbg !497
  store i32 %add26, ptr %22, align 4, !dbg !497, !tbaa !343
  br label %if.end27, !dbg !498

if.end27:                                         ; preds = %if.then24, %if.end22
  call void @bpf_rcu_read_lock() #9, !dbg !499
  %call28 = call ptr inttoptr (i64 1 to ptr)(ptr noundef nonnull @outer, ptr noundef nonnull %key) #9, !dbg !500
  %cmp = icmp ne ptr %call28, null, !dbg !501
  %tobool30 = icmp ne ptr @bpf_task_from_pid, null
  %spec.select = and i1 %tobool30, %cmp, !dbg !502
  %land.ext = zext i1 %spec.select to i32, !dbg !502
  call void @llvm.lifetime.end.p0(ptr nonnull %key) #9, !dbg !503
  ret i32 %land.ext, !dbg !504
}

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn memory(none)
declare ptr @llvm.preserve.struct.access.index.p0.p0(ptr, i32 immarg, i32 immarg) #6

; Function Attrs: nofree nosync nounwind memory(none)
declare i32 @llvm.bpf.preserve.field.info.p0(ptr, i64 immarg) #7

; Function Attrs: nofree nosync nounwind memory(none)
declare i64 @llvm.bpf.btf.type.id(i32, i64) #7

; Function Attrs: nofree nosync nounwind memory(none)
declare i64 @llvm.bpf.preserve.enum.value(i32, ptr, i64) #7

declare !dbg !505 dso_local void @bpf_rcu_read_lock() local_unnamed_addr #8 section ".ksyms"

declare !dbg !508 extern_weak dso_local ptr @bpf_task_from_pid(i32 noundef) #8 section ".ksyms"

attributes #0 = { nounwind "frame-pointer"="all" "no-trapping-math"="true" "stack-protector-buffer-size"="8" "target-cpu"="v3" }
attributes #1 = { mustprogress nofree noinline norecurse nounwind willreturn memory(readwrite, argmem: none, target_mem0: none, target_mem1: none) "frame-pointer"="all" "no-trapping-math"="true" "stack-protector-buffer-size"="8" "target-cpu"="v3" }
attributes #2 = { mustprogress nofree noinline norecurse nosync nounwind willreturn memory(none) "frame-pointer"="all" "no-trapping-math"="true" "stack-protector-buffer-size"="8" "target-cpu"="v3" }
attributes #3 = { mustprogress nocallback nofree nosync nounwind willreturn memory(argmem: readwrite) }
attributes #4 = { mustprogress nofree norecurse nosync nounwind willreturn memory(argmem: readwrite) "frame-pointer"="all" "no-trapping-math"="true" "stack-protector-buffer-size"="8" "target-cpu"="v3" }
attributes #5 = { mustprogress nofree noinline norecurse nosync nounwind willreturn memory(readwrite, argmem: none, inaccessiblemem: none, target_mem0: none, target_mem1: none) "frame-pointer"="all" "no-trapping-math"="true" "stack-protector-buffer-size"="8" "target-cpu"="v3" }
attributes #6 = { mustprogress nocallback nofree nosync nounwind willreturn memory(none) }
attributes #7 = { nofree nosync nounwind memory(none) }
attributes #8 = { "frame-pointer"="all" "no-trapping-math"="true" "stack-protector-buffer-size"="8" "target-cpu"="v3" }
attributes #9 = { nounwind }

!llvm.dbg.cu = !{!2}
!llvm.module.flags = !{!337, !338, !339, !340, !341}
!llvm.ident = !{!342}
!llvm.errno.tbaa = !{!343}

!0 = !DIGlobalVariableExpression(var: !1, expr: !DIExpression())
!1 = distinct !DIGlobalVariable(name: "inner", scope: !2, file: !3, line: 6, type: !89, isLocal: false, isDefinition: true)
!2 = distinct !DICompileUnit(language: DW_LANG_C11, file: !3, producer: "clang version 22.1.0 (https://codeberg.org/YoWASP/llvm-project 9560ae0f2cc440e4fc891fddbc119da6f56daa59)", isOptimized: true, runtimeVersion: 0, emissionKind: FullDebug, enums: !4, retainedTypes: !62, globals: !70, splitDebugInlining: false, nameTableKind: None)
!3 = !DIFile(filename: "kinds.c", directory: ".", checksumkind: CSK_MD5, checksum: "7a7ea6005bc4ded0e3d216beec76b691")
!4 = !{!5, !10, !15, !25}
!5 = !DICompositeType(tag: DW_TAG_enumeration_type, name: "wide", file: !3, line: 20, baseType: !6, size: 64, elements: !7)
!6 = !DIBasicType(name: "unsigned long", size: 64, encoding: DW_ATE_unsigned)
!7 = !{!8, !9}
!8 = !DIEnumerator(name: "SMALL", value: 1, isUnsigned: true)
!9 = !DIEnumerator(name: "LARGE", value: 1311768467463790320, isUnsigned: true)
!10 = !DICompositeType(tag: DW_TAG_enumeration_type, name: "small", file: !3, line: 21, baseType: !11, size: 32, elements: !12)
!11 = !DIBasicType(name: "int", size: 32, encoding: DW_ATE_signed)
!12 = !{!13, !14}
!13 = !DIEnumerator(name: "MINUS", value: -1)
!14 = !DIEnumerator(name: "PLUS", value: 0)
!15 = !DICompositeType(tag: DW_TAG_enumeration_type, name: "bpf_field_info_kind", file: !16, line: 10, baseType: !17, size: 32, elements: !18)
!16 = !DIFile(filename: "include/bpf/bpf_core_read.h", directory: ".", checksumkind: CSK_MD5, checksum: "e49c81b35da4dc78c2e2598922f4fd74")
!17 = !DIBasicType(name: "unsigned int", size: 32, encoding: DW_ATE_unsigned)
!18 = !{!19, !20, !21, !22, !23, !24}
!19 = !DIEnumerator(name: "BPF_FIELD_BYTE_OFFSET", value: 0)
!20 = !DIEnumerator(name: "BPF_FIELD_BYTE_SIZE", value: 1)
!21 = !DIEnumerator(name: "BPF_FIELD_EXISTS", value: 2)
!22 = !DIEnumerator(name: "BPF_FIELD_SIGNED", value: 3)
!23 = !DIEnumerator(name: "BPF_FIELD_LSHIFT_U64", value: 4)
!24 = !DIEnumerator(name: "BPF_FIELD_RSHIFT_U64", value: 5)
!25 = !DICompositeType(tag: DW_TAG_enumeration_type, name: "bpf_map_type", file: !26, line: 15, baseType: !17, size: 32, elements: !27)
!26 = !DIFile(filename: "include/linux/bpf.h", directory: ".", checksumkind: CSK_MD5, checksum: "4236727a4dc1c80e80d83e4ca6e97932")
!27 = !{!28, !29, !30, !31, !32, !33, !34, !35, !36, !37, !38, !39, !40, !41, !42, !43, !44, !45, !46, !47, !48, !49, !50, !51, !52, !53, !54, !55, !56, !57, !58, !59, !60, !61}
!28 = !DIEnumerator(name: "BPF_MAP_TYPE_UNSPEC", value: 0)
!29 = !DIEnumerator(name: "BPF_MAP_TYPE_HASH", value: 1)
!30 = !DIEnumerator(name: "BPF_MAP_TYPE_ARRAY", value: 2)
!31 = !DIEnumerator(name: "BPF_MAP_TYPE_PROG_ARRAY", value: 3)
!32 = !DIEnumerator(name: "BPF_MAP_TYPE_PERF_EVENT_ARRAY", value: 4)
!33 = !DIEnumerator(name: "BPF_MAP_TYPE_PERCPU_HASH", value: 5)
!34 = !DIEnumerator(name: "BPF_MAP_TYPE_PERCPU_ARRAY", value: 6)
!35 = !DIEnumerator(name: "BPF_MAP_TYPE_STACK_TRACE", value: 7)
!36 = !DIEnumerator(name: "BPF_MAP_TYPE_CGROUP_ARRAY", value: 8)
!37 = !DIEnumerator(name: "BPF_MAP_TYPE_LRU_HASH", value: 9)
!38 = !DIEnumerator(name: "BPF_MAP_TYPE_LRU_PERCPU_HASH", value: 10)
!39 = !DIEnumerator(name: "BPF_MAP_TYPE_LPM_TRIE", value: 11)
!40 = !DIEnumerator(name: "BPF_MAP_TYPE_ARRAY_OF_MAPS", value: 12)
!41 = !DIEnumerator(name: "BPF_MAP_TYPE_HASH_OF_MAPS", value: 13)
!42 = !DIEnumerator(name: "BPF_MAP_TYPE_DEVMAP", value: 14)
!43 = !DIEnumerator(name: "BPF_MAP_TYPE_SOCKMAP", value: 15)
!44 = !DIEnumerator(name: "BPF_MAP_TYPE_CPUMAP", value: 16)
!45 = !DIEnumerator(name: "BPF_MAP_TYPE_XSKMAP", value: 17)
!46 = !DIEnumerator(name: "BPF_MAP_TYPE_SOCKHASH", value: 18)
!47 = !DIEnumerator(name: "BPF_MAP_TYPE_CGROUP_STORAGE", value: 19)
!48 = !DIEnumerator(name: "BPF_MAP_TYPE_REUSEPORT_SOCKARRAY", value: 20)
!49 = !DIEnumerator(name: "BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE", value: 21)
!50 = !DIEnumerator(name: "BPF_MAP_TYPE_QUEUE", value: 22)
!51 = !DIEnumerator(name: "BPF_MAP_TYPE_STACK", value: 23)
!52 = !DIEnumerator(name: "BPF_MAP_TYPE_SK_STORAGE", value: 24)
!53 = !DIEnumerator(name: "BPF_MAP_TYPE_DEVMAP_HASH", value: 25)
!54 = !DIEnumerator(name: "BPF_MAP_TYPE_STRUCT_OPS", value: 26)
!55 = !DIEnumerator(name: "BPF_MAP_TYPE_RINGBUF", value: 27)
!56 = !DIEnumerator(name: "BPF_MAP_TYPE_INODE_STORAGE", value: 28)
!57 = !DIEnumerator(name: "BPF_MAP_TYPE_TASK_STORAGE", value: 29)
!58 = !DIEnumerator(name: "BPF_MAP_TYPE_BLOOM_FILTER", value: 30)
!59 = !DIEnumerator(name: "BPF_MAP_TYPE_USER_RINGBUF", value: 31)
!60 = !DIEnumerator(name: "BPF_MAP_TYPE_CGRP_STORAGE", value: 32)
!61 = !DIEnumerator(name: "BPF_MAP_TYPE_ARENA", value: 33)
!62 = !{!63, !11, !67, !68}
!63 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !64, size: 64)
!64 = !DIDerivedType(tag: DW_TAG_typedef, name: "u32", file: !65, line: 42, baseType: !66)
!65 = !DIFile(filename: "include/linux/types.h", directory: ".", checksumkind: CSK_MD5, checksum: "d283241a06fb03eb21df3c2e22f10787")
!66 = !DIDerivedType(tag: DW_TAG_typedef, name: "__u32", file: !65, line: 12, baseType: !17)
!67 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: null, size: 64)
!68 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !69, size: 64)
!69 = !DIDerivedType(tag: DW_TAG_const_type, baseType: null)
!70 = !{!71, !105, !125, !127, !130, !132, !134, !136, !145, !154, !156, !158, !160, !166, !176, !184, !190, !197, !212, !218, !224, !259, !0, !262, !270, !279, !289, !294, !296, !298, !303, !307, !317, !319, !321, !327, !333}
!71 = !DIGlobalVariableExpression(var: !72, expr: !DIExpression())
!72 = distinct !DIGlobalVariable(name: "outer", scope: !2, file: !3, line: 13, type: !73, isLocal: false, isDefinition: true)
!73 = distinct !DICompositeType(tag: DW_TAG_structure_type, file: !3, line: 12, size: 192, elements: !74)
!74 = !{!75, !80, !85, !86}
!75 = !DIDerivedType(tag: DW_TAG_member, name: "type", scope: !73, file: !3, line: 12, baseType: !76, size: 64)
!76 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !77, size: 64)
!77 = !DICompositeType(tag: DW_TAG_array_type, baseType: !11, size: 384, elements: !78)
!78 = !{!79}
!79 = !DISubrange(count: 12)
!80 = !DIDerivedType(tag: DW_TAG_member, name: "max_entries", scope: !73, file: !3, line: 12, baseType: !81, size: 64, offset: 64)
!81 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !82, size: 64)
!82 = !DICompositeType(tag: DW_TAG_array_type, baseType: !11, size: 64, elements: !83)
!83 = !{!84}
!84 = !DISubrange(count: 2)
!85 = !DIDerivedType(tag: DW_TAG_member, name: "key", scope: !73, file: !3, line: 12, baseType: !63, size: 64, offset: 128)
!86 = !DIDerivedType(tag: DW_TAG_member, name: "values", scope: !73, file: !3, line: 12, baseType: !87, offset: 192)
!87 = !DICompositeType(tag: DW_TAG_array_type, baseType: !88, elements: !103)
!88 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !89, size: 64)
!89 = distinct !DICompositeType(tag: DW_TAG_structure_type, name: "inner_map", file: !3, line: 6, size: 256, elements: !90)
!90 = !{!91, !92, !97, !98}
!91 = !DIDerivedType(tag: DW_TAG_member, name: "type", scope: !89, file: !3, line: 6, baseType: !81, size: 64)
!92 = !DIDerivedType(tag: DW_TAG_member, name: "max_entries", scope: !89, file: !3, line: 6, baseType: !93, size: 64, offset: 64)
!93 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !94, size: 64)
!94 = !DICompositeType(tag: DW_TAG_array_type, baseType: !11, size: 32, elements: !95)
!95 = !{!96}
!96 = !DISubrange(count: 1)
!97 = !DIDerivedType(tag: DW_TAG_member, name: "key", scope: !89, file: !3, line: 6, baseType: !63, size: 64, offset: 128)
!98 = !DIDerivedType(tag: DW_TAG_member, name: "value", scope: !89, file: !3, line: 6, baseType: !99, size: 64, offset: 192)
!99 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !100, size: 64)
!100 = !DIDerivedType(tag: DW_TAG_typedef, name: "u64", file: !65, line: 45, baseType: !101)
!101 = !DIDerivedType(tag: DW_TAG_typedef, name: "__u64", file: !65, line: 13, baseType: !102)
!102 = !DIBasicType(name: "unsigned long long", size: 64, encoding: DW_ATE_unsigned)
!103 = !{!104}
!104 = !DISubrange(count: -1)
!105 = !DIGlobalVariableExpression(var: !106, expr: !DIExpression())
!106 = distinct !DIGlobalVariable(name: "programs", scope: !2, file: !3, line: 18, type: !107, isLocal: false, isDefinition: true)
!107 = distinct !DICompositeType(tag: DW_TAG_structure_type, file: !3, line: 17, size: 192, elements: !108)
!108 = !{!109, !114, !115, !120}
!109 = !DIDerivedType(tag: DW_TAG_member, name: "type", scope: !107, file: !3, line: 17, baseType: !110, size: 64)
!110 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !111, size: 64)
!111 = !DICompositeType(tag: DW_TAG_array_type, baseType: !11, size: 96, elements: !112)
!112 = !{!113}
!113 = !DISubrange(count: 3)
!114 = !DIDerivedType(tag: DW_TAG_member, name: "max_entries", scope: !107, file: !3, line: 17, baseType: !81, size: 64, offset: 64)
!115 = !DIDerivedType(tag: DW_TAG_member, name: "key_size", scope: !107, file: !3, line: 17, baseType: !116, size: 64, offset: 128)
!116 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !117, size: 64)
!117 = !DICompositeType(tag: DW_TAG_array_type, baseType: !11, size: 128, elements: !118)
!118 = !{!119}
!119 = !DISubrange(count: 4)
!120 = !DIDerivedType(tag: DW_TAG_member, name: "values", scope: !107, file: !3, line: 17, baseType: !121, offset: 192)
!121 = !DICompositeType(tag: DW_TAG_array_type, baseType: !122, elements: !103)
!122 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !123, size: 64)
!123 = !DISubroutineType(types: !124)
!124 = !{!11, !67}
!125 = !DIGlobalVariableExpression(var: !126, expr: !DIExpression())
!126 = distinct !DIGlobalVariable(name: "set", scope: !2, file: !3, line: 40, type: !100, isLocal: false, isDefinition: true)
!127 = !DIGlobalVariableExpression(var: !128, expr: !DIExpression())
!128 = distinct !DIGlobalVariable(name: "list", scope: !2, file: !3, line: 41, type: !129, isLocal: false, isDefinition: true)
!129 = !DICompositeType(tag: DW_TAG_array_type, baseType: !64, size: 128, elements: !118)
!130 = !DIGlobalVariableExpression(var: !131, expr: !DIExpression())
!131 = distinct !DIGlobalVariable(name: "into", scope: !2, file: !3, line: 42, type: !63, isLocal: false, isDefinition: true)
!132 = !DIGlobalVariableExpression(var: !133, expr: !DIExpression())
!133 = distinct !DIGlobalVariable(name: "choice", scope: !2, file: !3, line: 49, type: !5, isLocal: false, isDefinition: true)
!134 = !DIGlobalVariableExpression(var: !135, expr: !DIExpression())
!135 = distinct !DIGlobalVariable(name: "sign", scope: !2, file: !3, line: 50, type: !10, isLocal: false, isDefinition: true)
!136 = !DIGlobalVariableExpression(var: !137, expr: !DIExpression())
!137 = distinct !DIGlobalVariable(name: "bits", scope: !2, file: !3, line: 51, type: !138, isLocal: false, isDefinition: true)
!138 = distinct !DICompositeType(tag: DW_TAG_structure_type, name: "flags", file: !3, line: 22, size: 64, elements: !139)
!139 = !{!140, !141, !144}
!140 = !DIDerivedType(tag: DW_TAG_member, name: "low", scope: !138, file: !3, line: 22, baseType: !64, size: 3, flags: DIFlagBitField, extraData: i64 0)
!141 = !DIDerivedType(tag: DW_TAG_member, name: "mid", scope: !138, file: !3, line: 22, baseType: !142, size: 7, offset: 3, flags: DIFlagBitField, extraData: i64 0)
!142 = !DIDerivedType(tag: DW_TAG_typedef, name: "s32", file: !65, line: 54, baseType: !143)
!143 = !DIDerivedType(tag: DW_TAG_typedef, name: "__s32", file: !65, line: 16, baseType: !11)
!144 = !DIDerivedType(tag: DW_TAG_member, name: "wide", scope: !138, file: !3, line: 22, baseType: !100, size: 40, offset: 10, flags: DIFlagBitField, extraData: i64 0)
!145 = !DIGlobalVariableExpression(var: !146, expr: !DIExpression())
!146 = distinct !DIGlobalVariable(name: "packed", scope: !2, file: !3, line: 53, type: !147, isLocal: false, isDefinition: true)
!147 = distinct !DICompositeType(tag: DW_TAG_structure_type, name: "odd", file: !3, line: 24, size: 72, elements: !148)
!148 = !{!149, !153}
!149 = !DIDerivedType(tag: DW_TAG_member, name: "first", scope: !147, file: !3, line: 24, baseType: !150, size: 8)
!150 = !DIDerivedType(tag: DW_TAG_typedef, name: "u8", file: !65, line: 36, baseType: !151)
!151 = !DIDerivedType(tag: DW_TAG_typedef, name: "__u8", file: !65, line: 10, baseType: !152)
!152 = !DIBasicType(name: "unsigned char", size: 8, encoding: DW_ATE_unsigned_char)
!153 = !DIDerivedType(tag: DW_TAG_member, name: "second", scope: !147, file: !3, line: 24, baseType: !100, size: 64, offset: 8)
!154 = !DIGlobalVariableExpression(var: !155, expr: !DIExpression())
!155 = distinct !DIGlobalVariable(name: "pointer", scope: !2, file: !3, line: 54, type: !63, isLocal: false, isDefinition: true)
!156 = !DIGlobalVariableExpression(var: !157, expr: !DIExpression())
!157 = distinct !DIGlobalVariable(name: "overridable", scope: !2, file: !3, line: 55, type: !64, isLocal: false, isDefinition: true)
!158 = !DIGlobalVariableExpression(var: !159, expr: !DIExpression())
!159 = distinct !DIGlobalVariable(name: "concealed", scope: !2, file: !3, line: 56, type: !64, isLocal: false, isDefinition: true)
!160 = !DIGlobalVariableExpression(var: !161, expr: !DIExpression())
!161 = distinct !DIGlobalVariable(name: "name", scope: !2, file: !3, line: 57, type: !162, isLocal: false, isDefinition: true)
!162 = !DICompositeType(tag: DW_TAG_array_type, baseType: !163, size: 48, elements: !164)
!163 = !DIBasicType(name: "char", size: 8, encoding: DW_ATE_signed_char)
!164 = !{!165}
!165 = !DISubrange(count: 6)
!166 = !DIGlobalVariableExpression(var: !167, expr: !DIExpression())
!167 = distinct !DIGlobalVariable(name: "format", scope: !168, file: !3, line: 66, type: !172, isLocal: true, isDefinition: true)
!168 = distinct !DISubprogram(name: "tail", scope: !3, file: !3, line: 64, type: !123, scopeLine: 65, flags: DIFlagPrototyped | DIFlagAllCallsDescribed, spFlags: DISPFlagDefinition | DISPFlagOptimized, unit: !2, retainedNodes: !169)
!169 = !{!170, !171}
!170 = !DILocalVariable(name: "ctx", arg: 1, scope: !168, file: !3, line: 64, type: !67)
!171 = !DILocalVariable(name: "sum", scope: !168, file: !3, line: 67, type: !100)
!172 = !DICompositeType(tag: DW_TAG_array_type, baseType: !173, size: 72, elements: !174)
!173 = !DIDerivedType(tag: DW_TAG_const_type, baseType: !163)
!174 = !{!175}
!175 = !DISubrange(count: 9)
!176 = !DIGlobalVariableExpression(var: !177, expr: !DIExpression())
!177 = distinct !DIGlobalVariable(name: "bpf_probe_read_kernel", scope: !2, file: !178, line: 168, type: !179, isLocal: true, isDefinition: true)
!178 = !DIFile(filename: "include/bpf/bpf_helper_defs.h", directory: ".", checksumkind: CSK_MD5, checksum: "86e7a5c03334308703a986827deffeae")
!179 = !DIDerivedType(tag: DW_TAG_const_type, baseType: !180)
!180 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !181, size: 64)
!181 = !DISubroutineType(types: !182)
!182 = !{!183, !67, !66, !68}
!183 = !DIBasicType(name: "long", size: 64, encoding: DW_ATE_signed)
!184 = !DIGlobalVariableExpression(var: !185, expr: !DIExpression())
!185 = distinct !DIGlobalVariable(name: "bpf_loop", scope: !2, file: !178, line: 236, type: !186, isLocal: true, isDefinition: true)
!186 = !DIDerivedType(tag: DW_TAG_const_type, baseType: !187)
!187 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !188, size: 64)
!188 = !DISubroutineType(types: !189)
!189 = !{!183, !66, !67, !67, !101}
!190 = !DIGlobalVariableExpression(var: !191, expr: !DIExpression())
!191 = distinct !DIGlobalVariable(name: "bpf_trace_printk", scope: !2, file: !178, line: 61, type: !192, isLocal: true, isDefinition: true)
!192 = !DIDerivedType(tag: DW_TAG_const_type, baseType: !193)
!193 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !194, size: 64)
!194 = !DISubroutineType(types: !195)
!195 = !{!183, !196, !66, null}
!196 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !173, size: 64)
!197 = !DIGlobalVariableExpression(var: !198, expr: !DIExpression())
!198 = distinct !DIGlobalVariable(name: "bpf_get_current_task_btf", scope: !2, file: !178, line: 213, type: !199, isLocal: true, isDefinition: true)
!199 = !DIDerivedType(tag: DW_TAG_const_type, baseType: !200)
!200 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !201, size: 64)
!201 = !DISubroutineType(types: !202)
!202 = !{!203}
!203 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !204, size: 64)
!204 = distinct !DICompositeType(tag: DW_TAG_structure_type, name: "task_struct", file: !3, line: 9, size: 192, elements: !205)
!205 = !{!206, !207, !208, !209}
!206 = !DIDerivedType(tag: DW_TAG_member, name: "pid", scope: !204, file: !3, line: 9, baseType: !11, size: 32)
!207 = !DIDerivedType(tag: DW_TAG_member, name: "flags", scope: !204, file: !3, line: 9, baseType: !17, size: 32, offset: 32)
!208 = !DIDerivedType(tag: DW_TAG_member, name: "real_parent", scope: !204, file: !3, line: 9, baseType: !203, size: 64, offset: 64)
!209 = !DIDerivedType(tag: DW_TAG_member, name: "mm", scope: !204, file: !3, line: 9, baseType: !210, size: 64, offset: 128)
!210 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !211, size: 64)
!211 = !DICompositeType(tag: DW_TAG_structure_type, name: "mm_struct", file: !3, line: 8, flags: DIFlagFwdDecl)
!212 = !DIGlobalVariableExpression(var: !213, expr: !DIExpression())
!213 = distinct !DIGlobalVariable(name: "bpf_map_lookup_elem", scope: !2, file: !178, line: 56, type: !214, isLocal: true, isDefinition: true)
!214 = !DIDerivedType(tag: DW_TAG_const_type, baseType: !215)
!215 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !216, size: 64)
!216 = !DISubroutineType(types: !217)
!217 = !{!67, !67, !68}
!218 = !DIGlobalVariableExpression(var: !219, expr: !DIExpression())
!219 = distinct !DIGlobalVariable(name: "bpf_tail_call", scope: !2, file: !178, line: 67, type: !220, isLocal: true, isDefinition: true)
!220 = !DIDerivedType(tag: DW_TAG_const_type, baseType: !221)
!221 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !222, size: 64)
!222 = !DISubroutineType(types: !223)
!223 = !{!183, !67, !67, !66}
!224 = !DIGlobalVariableExpression(var: !225, expr: !DIExpression())
!225 = distinct !DIGlobalVariable(name: "____fmt", scope: !226, file: !3, line: 81, type: !258, isLocal: true, isDefinition: true)
!226 = distinct !DISubprogram(name: "follow", scope: !3, file: !3, line: 75, type: !227, scopeLine: 76, flags: DIFlagPrototyped | DIFlagAllCallsDescribed, spFlags: DISPFlagDefinition | DISPFlagOptimized, unit: !2, retainedNodes: !229)
!227 = !DISubroutineType(types: !228)
!228 = !{!11, !99}
!229 = !{!230, !231, !232, !233, !250, !254, !256, !257}
!230 = !DILocalVariable(name: "ctx", arg: 1, scope: !226, file: !3, line: 75, type: !99)
!231 = !DILocalVariable(name: "task", scope: !226, file: !3, line: 77, type: !203)
!232 = !DILocalVariable(name: "key", scope: !226, file: !3, line: 78, type: !64)
!233 = !DILocalVariable(name: "value", scope: !226, file: !3, line: 79, type: !234)
!234 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !235, size: 64)
!235 = distinct !DICompositeType(tag: DW_TAG_structure_type, name: "shared", file: !3, line: 14, size: 256, elements: !236)
!236 = !{!237, !241, !249}
!237 = !DIDerivedType(tag: DW_TAG_member, name: "lock", scope: !235, file: !3, line: 14, baseType: !238, size: 32)
!238 = distinct !DICompositeType(tag: DW_TAG_structure_type, name: "bpf_spin_lock", file: !26, line: 128, size: 32, elements: !239)
!239 = !{!240}
!240 = !DIDerivedType(tag: DW_TAG_member, name: "val", scope: !238, file: !26, line: 129, baseType: !66, size: 32)
!241 = !DIDerivedType(tag: DW_TAG_member, name: "head", scope: !235, file: !3, line: 14, baseType: !242, size: 128, align: 64, offset: 64, annotations: !247)
!242 = distinct !DICompositeType(tag: DW_TAG_structure_type, name: "bpf_list_head", file: !243, line: 168, size: 128, align: 64, elements: !244)
!243 = !DIFile(filename: "include/linux/bpf_structs.h", directory: ".", checksumkind: CSK_MD5, checksum: "eed75e3a5c53ded845dc9d9804c03803")
!244 = !{!245}
!245 = !DIDerivedType(tag: DW_TAG_member, name: "__opaque", scope: !242, file: !243, line: 169, baseType: !246, size: 128)
!246 = !DICompositeType(tag: DW_TAG_array_type, baseType: !101, size: 128, elements: !83)
!247 = !{!248}
!248 = !{!"btf_decl_tag", !"contains:element:link"}
!249 = !DIDerivedType(tag: DW_TAG_member, name: "unused", scope: !235, file: !3, line: 14, baseType: !99, size: 64, offset: 192)
!250 = !DILocalVariable(name: "__at", scope: !251, file: !3, line: 81, type: !203)
!251 = distinct !DILexicalBlock(scope: !252, file: !3, line: 81, column: 30)
!252 = distinct !DILexicalBlock(scope: !253, file: !3, line: 81, column: 13)
!253 = distinct !DILexicalBlock(scope: !226, file: !3, line: 81, column: 6)
!254 = !DILocalVariable(name: "__at", scope: !255, file: !3, line: 81, type: !203)
!255 = distinct !DILexicalBlock(scope: !251, file: !3, line: 81, column: 30)
!256 = !DILocalVariable(name: "__found", scope: !255, file: !3, line: 81, type: !203)
!257 = !DILocalVariable(name: "__found", scope: !251, file: !3, line: 81, type: !11)
!258 = !DICompositeType(tag: DW_TAG_array_type, baseType: !173, size: 24, elements: !112)
!259 = !DIGlobalVariableExpression(var: !260, expr: !DIExpression())
!260 = distinct !DIGlobalVariable(name: "LICENSE", scope: !2, file: !3, line: 90, type: !261, isLocal: false, isDefinition: true)
!261 = !DICompositeType(tag: DW_TAG_array_type, baseType: !163, size: 32, elements: !118)
!262 = !DIGlobalVariableExpression(var: !263, expr: !DIExpression())
!263 = distinct !DIGlobalVariable(name: "shared", scope: !2, file: !3, line: 15, type: !264, isLocal: false, isDefinition: true)
!264 = distinct !DICompositeType(tag: DW_TAG_structure_type, file: !3, line: 15, size: 256, elements: !265)
!265 = !{!266, !267, !268, !269}
!266 = !DIDerivedType(tag: DW_TAG_member, name: "type", scope: !264, file: !3, line: 15, baseType: !81, size: 64)
!267 = !DIDerivedType(tag: DW_TAG_member, name: "max_entries", scope: !264, file: !3, line: 15, baseType: !93, size: 64, offset: 64)
!268 = !DIDerivedType(tag: DW_TAG_member, name: "key", scope: !264, file: !3, line: 15, baseType: !63, size: 64, offset: 128)
!269 = !DIDerivedType(tag: DW_TAG_member, name: "value", scope: !264, file: !3, line: 15, baseType: !234, size: 64, offset: 192)
!270 = !DIGlobalVariableExpression(var: !271, expr: !DIExpression())
!271 = distinct !DIGlobalVariable(name: "near", scope: !2, file: !3, line: 34, type: !272, isLocal: false, isDefinition: true)
!272 = distinct !DICompositeType(tag: DW_TAG_structure_type, name: "near", file: !3, line: 34, size: 64, elements: !273)
!273 = !{!274}
!274 = !DIDerivedType(tag: DW_TAG_member, name: "far", scope: !272, file: !3, line: 34, baseType: !275, size: 64)
!275 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !276, size: 64)
!276 = distinct !DICompositeType(tag: DW_TAG_structure_type, name: "far", file: !3, line: 33, size: 32, elements: !277)
!277 = !{!278}
!278 = !DIDerivedType(tag: DW_TAG_member, name: "unseen", scope: !276, file: !3, line: 33, baseType: !11, size: 32)
!279 = !DIGlobalVariableExpression(var: !280, expr: !DIExpression())
!280 = distinct !DIGlobalVariable(name: "by_pointer", scope: !2, file: !3, line: 37, type: !281, isLocal: false, isDefinition: true)
!281 = distinct !DICompositeType(tag: DW_TAG_structure_type, name: "by_pointer", file: !3, line: 37, size: 64, elements: !282)
!282 = !{!283}
!283 = !DIDerivedType(tag: DW_TAG_member, name: "pointer", scope: !281, file: !3, line: 37, baseType: !284, size: 64)
!284 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !285, size: 64)
!285 = !DIDerivedType(tag: DW_TAG_typedef, name: "late_t", file: !3, line: 36, baseType: !286)
!286 = distinct !DICompositeType(tag: DW_TAG_structure_type, name: "late", file: !3, line: 35, size: 32, elements: !287)
!287 = !{!288}
!288 = !DIDerivedType(tag: DW_TAG_member, name: "a", scope: !286, file: !3, line: 35, baseType: !11, size: 32)
!289 = !DIGlobalVariableExpression(var: !290, expr: !DIExpression())
!290 = distinct !DIGlobalVariable(name: "by_value", scope: !2, file: !3, line: 38, type: !291, isLocal: false, isDefinition: true)
!291 = distinct !DICompositeType(tag: DW_TAG_structure_type, name: "by_value", file: !3, line: 38, size: 32, elements: !292)
!292 = !{!293}
!293 = !DIDerivedType(tag: DW_TAG_member, name: "value", scope: !291, file: !3, line: 38, baseType: !285, size: 32)
!294 = !DIGlobalVariableExpression(var: !295, expr: !DIExpression())
!295 = distinct !DIGlobalVariable(name: "zero", scope: !2, file: !3, line: 40, type: !100, isLocal: false, isDefinition: true)
!296 = !DIGlobalVariableExpression(var: !297, expr: !DIExpression())
!297 = distinct !DIGlobalVariable(name: "hidden_zero", scope: !2, file: !3, line: 43, type: !64, isLocal: true, isDefinition: true)
!298 = !DIGlobalVariableExpression(var: !299, expr: !DIExpression())
!299 = distinct !DIGlobalVariable(name: "option", scope: !2, file: !3, line: 45, type: !300, isLocal: false, isDefinition: true)
!300 = !DIDerivedType(tag: DW_TAG_const_type, baseType: !301)
!301 = !DIDerivedType(tag: DW_TAG_volatile_type, baseType: !302)
!302 = !DIBasicType(name: "_Bool", size: 8, encoding: DW_ATE_boolean)
!303 = !DIGlobalVariableExpression(var: !304, expr: !DIExpression())
!304 = distinct !DIGlobalVariable(name: "grid", scope: !2, file: !3, line: 48, type: !305, isLocal: false, isDefinition: true)
!305 = !DICompositeType(tag: DW_TAG_array_type, baseType: !11, size: 384, elements: !306)
!306 = !{!113, !119}
!307 = !DIGlobalVariableExpression(var: !308, expr: !DIExpression())
!308 = distinct !DIGlobalVariable(name: "either", scope: !2, file: !3, line: 52, type: !309, isLocal: false, isDefinition: true)
!309 = distinct !DICompositeType(tag: DW_TAG_union_type, name: "both", file: !3, line: 23, size: 64, elements: !310)
!310 = !{!311, !312}
!311 = !DIDerivedType(tag: DW_TAG_member, name: "number", scope: !309, file: !3, line: 23, baseType: !100, size: 64)
!312 = !DIDerivedType(tag: DW_TAG_member, scope: !309, file: !3, line: 23, baseType: !313, size: 64)
!313 = distinct !DICompositeType(tag: DW_TAG_structure_type, scope: !309, file: !3, line: 23, size: 64, elements: !314)
!314 = !{!315, !316}
!315 = !DIDerivedType(tag: DW_TAG_member, name: "low", scope: !313, file: !3, line: 23, baseType: !64, size: 32)
!316 = !DIDerivedType(tag: DW_TAG_member, name: "high", scope: !313, file: !3, line: 23, baseType: !64, size: 32, offset: 32)
!317 = !DIGlobalVariableExpression(var: !318, expr: !DIExpression())
!318 = distinct !DIGlobalVariable(name: "CONFIG_HZ", scope: !2, file: !3, line: 27, type: !11, isLocal: false, isDefinition: false)
!319 = !DIGlobalVariableExpression(var: !320, expr: !DIExpression())
!320 = distinct !DIGlobalVariable(name: "vmlinux_symbol", scope: !2, file: !3, line: 30, type: !69, isLocal: false, isDefinition: false)
!321 = !DIGlobalVariableExpression(var: !322, expr: !DIExpression())
!322 = distinct !DIGlobalVariable(name: "hidden_set", scope: !2, file: !3, line: 44, type: !323, isLocal: true, isDefinition: true)
!323 = !DIDerivedType(tag: DW_TAG_volatile_type, baseType: !324)
!324 = !DIDerivedType(tag: DW_TAG_typedef, name: "s16", file: !65, line: 51, baseType: !325)
!325 = !DIDerivedType(tag: DW_TAG_typedef, name: "__s16", file: !65, line: 15, baseType: !326)
!326 = !DIBasicType(name: "short", size: 16, encoding: DW_ATE_signed)
!327 = !DIGlobalVariableExpression(var: !328, expr: !DIExpression())
!328 = distinct !DIGlobalVariable(name: "table", scope: !2, file: !3, line: 46, type: !329, isLocal: true, isDefinition: true)
!329 = !DICompositeType(tag: DW_TAG_array_type, baseType: !330, size: 160, elements: !331)
!330 = !DIDerivedType(tag: DW_TAG_const_type, baseType: !11)
!331 = !{!332}
!332 = !DISubrange(count: 5)
!333 = !DIGlobalVariableExpression(var: !334, expr: !DIExpression())
!334 = distinct !DIGlobalVariable(name: "pair", scope: !2, file: !3, line: 47, type: !335, isLocal: true, isDefinition: true)
!335 = !DICompositeType(tag: DW_TAG_array_type, baseType: !336, size: 128, elements: !83)
!336 = !DIDerivedType(tag: DW_TAG_const_type, baseType: !100)
!337 = !{i32 7, !"Dwarf Version", i32 5}
!338 = !{i32 2, !"Debug Info Version", i32 3}
!339 = !{i32 1, !"wchar_size", i32 4}
!340 = !{i32 7, !"frame-pointer", i32 2}
!341 = !{i32 7, !"debug-info-assignment-tracking", i1 true}
!342 = !{!"clang version 22.1.0 (https://codeberg.org/YoWASP/llvm-project 9560ae0f2cc440e4fc891fddbc119da6f56daa59)"}
!343 = !{!344, !344, i64 0}
!344 = !{!"int", !345, i64 0}
!345 = !{!"omnipotent char", !346, i64 0}
!346 = !{!"Simple C/C++ TBAA"}
!347 = distinct !DIAssignID()
!348 = !DILocation(line: 0, scope: !168)
!349 = !DILocation(line: 67, column: 2, scope: !168)
!350 = !DILocation(line: 67, column: 6, scope: !168)
!351 = !{!352, !352, i64 0}
!352 = !{!"long long", !345, i64 0}
!353 = distinct !DIAssignID()
!354 = !DILocation(line: 68, column: 2, scope: !168)
!355 = !DILocation(line: 69, column: 2, scope: !168)
!356 = !DILocation(line: 70, column: 48, scope: !168)
!357 = !DILocation(line: 70, column: 43, scope: !168)
!358 = !DILocation(line: 70, column: 2, scope: !168)
!359 = !DILocation(line: 71, column: 9, scope: !168)
!360 = !DILocation(line: 71, column: 23, scope: !168)
!361 = !DILocation(line: 71, column: 35, scope: !168)
!362 = !DILocation(line: 71, column: 15, scope: !168)
!363 = !DILocation(line: 71, column: 13, scope: !168)
!364 = !DILocation(line: 71, column: 7, scope: !168)
!365 = !DILocation(line: 72, column: 18, scope: !168)
!366 = !DILocation(line: 72, column: 24, scope: !168)
!367 = !DILocation(line: 72, column: 9, scope: !168)
!368 = !DILocation(line: 72, column: 46, scope: !168)
!369 = !DILocation(line: 72, column: 52, scope: !168)
!370 = !DILocation(line: 72, column: 37, scope: !168)
!371 = !DILocation(line: 72, column: 35, scope: !168)
!372 = !DILocation(line: 72, column: 78, scope: !168)
!373 = !DILocation(line: 72, column: 59, scope: !168)
!374 = !DILocation(line: 72, column: 57, scope: !168)
!375 = !DILocation(line: 73, column: 1, scope: !168)
!376 = !DILocation(line: 72, column: 2, scope: !168)
!377 = distinct !DISubprogram(name: "multiply", scope: !3, file: !3, line: 61, type: !378, scopeLine: 61, flags: DIFlagPrototyped | DIFlagAllCallsDescribed, spFlags: DISPFlagDefinition | DISPFlagOptimized, unit: !2, retainedNodes: !381)
!378 = !DISubroutineType(types: !379)
!379 = !{!11, !64, !380}
!380 = !DIDerivedType(tag: DW_TAG_const_type, baseType: !64)
!381 = !{!382, !383}
!382 = !DILocalVariable(name: "a", arg: 1, scope: !377, file: !3, line: 61, type: !64)
!383 = !DILocalVariable(name: "b", arg: 2, scope: !377, file: !3, line: 61, type: !380, annotations: !384)
!384 = !{!385}
!385 = !{!"btf_decl_tag", !"factor"}
!386 = !DILocation(line: 0, scope: !377)
!387 = !DILocation(line: 61, column: 96, scope: !377)
!388 = !DILocation(line: 61, column: 102, scope: !377)
!389 = !{!390, !390, i64 0}
!390 = !{!"short", !345, i64 0}
!391 = !DILocation(line: 61, column: 100, scope: !377)
!392 = !DILocation(line: 61, column: 87, scope: !377)
!393 = distinct !DISubprogram(name: "concealed_function", scope: !3, file: !3, line: 62, type: !394, scopeLine: 62, flags: DIFlagPrototyped | DIFlagAllCallsDescribed, spFlags: DISPFlagDefinition | DISPFlagOptimized, unit: !2, retainedNodes: !396)
!394 = !DISubroutineType(types: !395)
!395 = !{!11, !11}
!396 = !{!397}
!397 = !DILocalVariable(name: "a", arg: 1, scope: !393, file: !3, line: 62, type: !11)
!398 = !DILocation(line: 0, scope: !393)
!399 = !DILocation(line: 62, column: 91, scope: !393)
!400 = !DILocation(line: 62, column: 82, scope: !393)
!401 = distinct !DISubprogram(name: "each", scope: !3, file: !3, line: 59, type: !402, scopeLine: 59, flags: DIFlagPrototyped | DIFlagAllCallsDescribed, spFlags: DISPFlagLocalToUnit | DISPFlagDefinition | DISPFlagOptimized, unit: !2, retainedNodes: !404)
!402 = !DISubroutineType(types: !403)
!403 = !{!11, !64, !99}
!404 = !{!405, !406}
!405 = !DILocalVariable(name: "index", arg: 1, scope: !401, file: !3, line: 59, type: !64)
!406 = !DILocalVariable(name: "sum", arg: 2, scope: !401, file: !3, line: 59, type: !99)
!407 = !DILocation(line: 0, scope: !401)
!408 = !DILocation(line: 59, column: 60, scope: !401)
!409 = !DILocation(line: 59, column: 48, scope: !401)
!410 = !DILocation(line: 59, column: 78, scope: !401)
!411 = !DILocation(line: 59, column: 67, scope: !401)
!412 = !DILocation(line: 59, column: 65, scope: !401)
!413 = !DILocation(line: 59, column: 45, scope: !401)
!414 = !DILocation(line: 59, column: 84, scope: !401)
!415 = distinct !DISubprogram(name: "subtract", scope: !3, file: !3, line: 60, type: !416, scopeLine: 60, flags: DIFlagPrototyped | DIFlagAllCallsDescribed, spFlags: DISPFlagLocalToUnit | DISPFlagDefinition | DISPFlagOptimized, unit: !2, retainedNodes: !418)
!416 = !DISubroutineType(types: !417)
!417 = !{!11, !11, !11}
!418 = !{!419, !420}
!419 = !DILocalVariable(name: "a", arg: 1, scope: !415, file: !3, line: 60, type: !11)
!420 = !DILocalVariable(name: "b", arg: 2, scope: !415, file: !3, line: 60, type: !11)
!421 = !DILocation(line: 0, scope: !415)
!422 = !DILocation(line: 60, column: 60, scope: !415)
!423 = !DILocation(line: 60, column: 75, scope: !415)
!424 = !DILocation(line: 60, column: 66, scope: !415)
!425 = distinct !DIAssignID()
!426 = !DILocation(line: 0, scope: !226)
!427 = distinct !DIAssignID()
!428 = !DILocation(line: 0, scope: !255)
!429 = distinct !DIAssignID()
!430 = !DILocation(line: 0, scope: !251)
!431 = !DILocation(line: 77, column: 37, scope: !226)
!432 = !DILocation(line: 78, column: 2, scope: !226)
!433 = !DILocation(line: 78, column: 6, scope: !226)
!434 = distinct !DIAssignID()
!435 = !DILocation(line: 79, column: 25, scope: !226)
!436 = !DILocation(line: 80, column: 2, scope: !226)
!437 = !DILocation(line: 81, column: 6, scope: !253)
!438 = !DILocation(line: 81, column: 30, scope: !255)
!439 = !DILocation(line: 81, column: 50, scope: !255)
!440 = !{!441, !441, i64 0}
!441 = !{!"p1 _ZTS11task_struct", !442, i64 0}
!442 = !{!"any pointer", !345, i64 0}
!443 = !DILocation(line: 81, column: 30, scope: !251)
!444 = !DILocation(line: 81, column: 63, scope: !251)
!445 = !DILocation(line: 81, column: 30, scope: !252)
!446 = !DILocation(line: 81, column: 13, scope: !252)
!447 = !DILocation(line: 81, column: 13, scope: !253)
!448 = !DILocation(line: 82, column: 19, scope: !226)
!449 = !{!450, !344, i64 0}
!450 = !{!"task_struct", !344, i64 0, !344, i64 4, !441, i64 8, !451, i64 16}
!451 = !{!"p1 _ZTS9mm_struct", !442, i64 0}
!452 = !DILocation(line: 82, column: 11, scope: !226)
!453 = !DILocation(line: 83, column: 45, scope: !226)
!454 = !DILocation(line: 83, column: 17, scope: !226)
!455 = !DILocation(line: 83, column: 54, scope: !226)
!456 = distinct !DICompositeType(tag: DW_TAG_structure_type, name: "element", file: !3, line: 5, size: 256, elements: !457)
!457 = !{!458, !463}
!458 = !DIDerivedType(tag: DW_TAG_member, name: "link", scope: !456, file: !3, line: 5, baseType: !459, size: 192, align: 64)
!459 = distinct !DICompositeType(tag: DW_TAG_structure_type, name: "bpf_list_node", file: !243, line: 173, size: 192, align: 64, elements: !460)
!460 = !{!461}
!461 = !DIDerivedType(tag: DW_TAG_member, name: "__opaque", scope: !459, file: !243, line: 174, baseType: !462, size: 192)
!462 = !DICompositeType(tag: DW_TAG_array_type, baseType: !101, size: 192, elements: !112)
!463 = !DIDerivedType(tag: DW_TAG_member, name: "key", scope: !456, file: !3, line: 5, baseType: !100, size: 64, offset: 192)
!464 = !DILocation(line: 83, column: 52, scope: !226)
!465 = !DILocation(line: 83, column: 102, scope: !226)
!466 = !{!467, !352, i64 1}
!467 = !{!"odd", !345, i64 0, !352, i64 1}
!468 = !DILocation(line: 83, column: 93, scope: !226)
!469 = !DILocation(line: 83, column: 14, scope: !226)
!470 = !{!345, !345, i64 0}
!471 = !DILocation(line: 84, column: 6, scope: !472)
!472 = distinct !DILexicalBlock(scope: !226, file: !3, line: 84, column: 6)
!473 = !DILocation(line: 84, column: 88, scope: !472)
!474 = !DILocation(line: 84, column: 100, scope: !472)
!475 = !{!476, !476, i64 0}
!476 = !{!"_Bool", !345, i64 0}
!477 = !{i8 0, i8 2}
!478 = !{}
!479 = !DILocation(line: 84, column: 98, scope: !472)
!480 = !DILocation(line: 84, column: 109, scope: !472)
!481 = !DILocation(line: 84, column: 107, scope: !472)
!482 = !DILocation(line: 84, column: 121, scope: !472)
!483 = !{!484, !484, i64 0}
!484 = !{!"long", !345, i64 0}
!485 = !DILocation(line: 84, column: 116, scope: !472)
!486 = !DILocation(line: 84, column: 114, scope: !472)
!487 = !DILocation(line: 84, column: 85, scope: !472)
!488 = !DILocation(line: 84, column: 73, scope: !472)
!489 = !DILocation(line: 85, column: 6, scope: !490)
!490 = distinct !DILexicalBlock(scope: !226, file: !3, line: 85, column: 6)
!491 = !DILocation(line: 85, column: 40, scope: !490)
!492 = !DILocation(line: 85, column: 45, scope: !490)
!493 = !DILocation(line: 85, column: 35, scope: !490)
!494 = !DILocation(line: 85, column: 24, scope: !490)
!495 = !{!496, !496, i64 0}
!496 = !{!"p1 int", !442, i64 0}
!497 = !DILocation(line: 85, column: 32, scope: !490)
!498 = !DILocation(line: 85, column: 23, scope: !490)
!499 = !DILocation(line: 86, column: 2, scope: !226)
!500 = !DILocation(line: 87, column: 9, scope: !226)
!501 = !DILocation(line: 87, column: 43, scope: !226)
!502 = !DILocation(line: 87, column: 48, scope: !226)
!503 = !DILocation(line: 88, column: 1, scope: !226)
!504 = !DILocation(line: 87, column: 2, scope: !226)
!505 = !DISubprogram(name: "bpf_rcu_read_lock", scope: !3, file: !3, line: 28, type: !506, flags: DIFlagPrototyped, spFlags: DISPFlagOptimized)
!506 = !DISubroutineType(types: !507)
!507 = !{null}
!508 = !DISubprogram(name: "bpf_task_from_pid", scope: !3, file: !3, line: 29, type: !509, flags: DIFlagPrototyped, spFlags: DISPFlagOptimized, retainedNodes: !511)
!509 = !DISubroutineType(types: !510)
!510 = !{!203, !142}
!511 = !{!512}
!512 = !DILocalVariable(name: "pid", arg: 1, scope: !508, file: !3, line: 29, type: !142)
